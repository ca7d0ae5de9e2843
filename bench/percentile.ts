/** The percentile of the samples by the nearest-rank method. `share` is 0 to 1; without samples the answer is NaN. */
export function percentile(samples: number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
