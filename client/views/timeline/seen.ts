/** @returns the seq of the last message in the list that is on the screen for the most part; undefined for none. */
export function lastSeenSeq(list: HTMLElement): number | undefined {
  const { bottom } = list.getBoundingClientRect();
  const rows = [...list.querySelectorAll<HTMLElement>('[data-seq]')];
  const last = rows.findLast((row) => {
    const place = row.getBoundingClientRect();
    return (place.top + place.bottom) / 2 <= bottom;
  });
  return last && Number(last.dataset.seq);
}
