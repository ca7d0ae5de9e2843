/**
 * Whether a key event belongs to an input method's composition (Korean, Japanese, Chinese). The Enter that ends a
 * composition does. Safari marks it by the key code 229 only.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
