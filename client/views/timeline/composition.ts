/**
 * Whether a key belongs to a composition (Korean, Japanese, Chinese), as the Enter does that ends one. Safari says so
 * with the key code alone.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
