import type { UserRef } from '../../contract/types.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The first letter of a name on a colour. The colour follows from the id, so a person always has the same one. */
export function Avatar(props: { user: UserRef }) {
  /** What people see as one letter may be several code points: a flag, a decomposed Korean syllable. */
  const letter = () => graphemes.segment(props.user.name).containing(0)?.segment.toUpperCase() ?? '';
  return (
    <span class="avatar" style={{ '--hue': String(hueOf(props.user.id)) }} aria-hidden="true">
      {letter()}
    </span>
  );
}

function hueOf(id: string): number {
  let hash = 0;
  for (let i = 0; i < id.length; i += 1) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return hash % 360;
}
