import type { UserRef } from '../../contract/types.ts';

/** The first letter of a name on a colour. The colour follows from the id, so a person always has the same one. */
export function Avatar(props: { user: UserRef }) {
  const letter = () => [...props.user.name][0]?.toUpperCase() ?? '';
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
