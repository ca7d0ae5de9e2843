export type Cursored<T> = { items: T[]; nextCursor: string | null };

/** Makes a page from a list that was read with `limit + 1` items: the extra item shows that there is a next page. */
export function cursored<T>(items: T[], limit: number, cursorOf: (item: T) => string): Cursored<T> {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { items: page, nextCursor: items.length > limit && last ? cursorOf(last) : null };
}
