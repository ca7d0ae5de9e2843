export type Cursored<T> = { items: T[]; nextCursor: string | null };

/** Cuts a list that was asked for with one item too many into a page. */
export function cursored<T>(items: T[], limit: number, cursorOf: (item: T) => string): Cursored<T> {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { items: page, nextCursor: items.length > limit && last ? cursorOf(last) : null };
}
