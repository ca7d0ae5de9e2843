import type { Report } from './run.ts';
import type { Setting } from './stage.ts';

type Column = { group: string; heading: string; count: keyof Report | keyof Setting; mustBeZero?: true };

const zero = { mustBeZero: true } as const;
const COLUMNS: Column[] = [
  { group: '', heading: 'database', count: 'database' },
  { group: '', heading: 'servers', count: 'servers' },
  { group: '', heading: 'kills', count: 'kills' },
  { group: '', heading: 'seconds', count: 'seconds' },
  { group: 'messages', heading: 'acked', count: 'acked' },
  { group: 'messages', heading: 'repeats', count: 'repeats' },
  { group: 'messages', heading: 'shown', count: 'shown' },
  { group: 'messages', heading: 'lost', count: 'lost', ...zero },
  { group: 'messages', heading: 'doubled', count: 'doubled', ...zero },
  { group: 'messages', heading: 'reordered', count: 'reordered', ...zero },
  { group: 'messages', heading: 'unstored', count: 'unstored', ...zero },
  { group: 'messages', heading: 'resets', count: 'resets', ...zero },
  { group: 'words', heading: 'spoken', count: 'words' },
  { group: 'words', heading: 'lost', count: 'wordsLost', ...zero },
  { group: 'words', heading: 'doubled', count: 'wordsDoubled', ...zero },
  { group: 'words', heading: 'reordered', count: 'wordsReordered', ...zero },
  { group: 'words', heading: 'late s', count: 'lateSeconds' },
  { group: 'gaps', heading: 'seconds', count: 'gapSeconds' },
  { group: 'gaps', heading: 'causeless', count: 'causelessGaps', ...zero },
  { group: '', heading: 'ghosts', count: 'ghosts', ...zero },
];
/** Two lines: the groups of the columns, and their headings. */
export const TABLE_HEAD = [
  row(COLUMNS.map(({ group }, i) => (group === COLUMNS[i - 1]?.group ? '' : group))),
  row(COLUMNS.map(({ heading }) => heading)),
].join('\n');

export function tableRow(setting: Setting, report: Report): string {
  const all: Record<string, unknown> = { ...setting, ...report };
  return row(COLUMNS.map(({ count }) => textOf(all[count])));
}

/** Whether a column that must be 0 is not. */
export function hasFindings(report: Report): boolean {
  return COLUMNS.some(({ count, mustBeZero }) => mustBeZero && report[count as keyof Report] !== 0);
}

function textOf(value: unknown): string {
  return typeof value === 'number' ? String(Math.round(value)) : String(value);
}

function row(cells: string[]): string {
  return cells.map((cell) => cell.padStart(10)).join('');
}
