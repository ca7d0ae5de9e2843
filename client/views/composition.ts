/**
 * Whether a key event belongs to an input method's composition (Korean, Japanese, Chinese). Safari marks the Enter that
 * ended a composition by the key code 229 only.
 */
export function isComposing(event: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  return event.isComposing || event.keyCode === 229;
}

export type KeyDown = Pick<KeyboardEvent, 'key' | 'code' | 'keyCode' | 'isComposing' | 'shiftKey'>;

/**
 * Decides which Enter sends a text that is typed through an input method. A Korean writer expects one Enter to finish
 * the syllable and to send. A Japanese or Chinese writer chooses words with Enter, so that Enter must not send. The
 * composed text tells them apart. `composition.test.ts` lists the events of each browser.
 */
export class EnterKey {
  /** The text that is being composed; undefined while nothing is. */
  #composed: string | undefined;
  /** The text of the composition that ended since the last key: Safari ends it before the key. */
  #ended: string | undefined;
  /** Whether the Enter sends that is about to end the composition. */
  #sendsAtEnd = false;

  /** @param before the text before the caret. @returns whether this key sends now. */
  keyDown(event: KeyDown, before: string): boolean {
    const ended = this.#ended;
    this.#ended = undefined;
    this.#sendsAtEnd = false;
    if (!isEnter(event) || event.shiftKey) return false;
    if (!isComposing(event)) return true;
    if (this.#composed === undefined) {
      // Safari composes Hangul without composition events in some versions. Then only the text itself is left to ask.
      return isHangul(ended ?? before.slice(-1));
    }
    this.#sendsAtEnd = isHangul(this.#composed);
    return false;
  }

  composed(text: string): void {
    this.#composed = text;
  }

  /**
   * @param text what the composition has left in the field. An Enter that chooses a Hanja must not send.
   * @returns whether the end of this composition sends.
   */
  compositionEnd(text: string): boolean {
    const sends = this.#sendsAtEnd && isHangul(text);
    this.#sendsAtEnd = false;
    this.#composed = undefined;
    this.#ended = sends ? undefined : text;
    return sends;
  }

  blur(): void {
    this.#ended = undefined;
    this.#sendsAtEnd = false;
  }
}

/** An `<input>` or a `<textarea>`. */
type TextField = HTMLElement & Pick<HTMLInputElement, 'value' | 'selectionStart'>;

/** Calls `send` for each Enter that sends the text of the field. */
export function sendOnEnter(field: TextField, send: () => void): void {
  const enter = new EnterKey();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const sendOnce = () => {
    clearTimeout(timer);
    send();
  };
  field.addEventListener('keydown', (event) => {
    const before = field.value.slice(0, field.selectionStart ?? 0);
    if (!enter.keyDown(event, before)) return;
    event.preventDefault();
    sendOnce();
  });
  field.addEventListener('compositionstart', () => enter.composed(''));
  field.addEventListener('compositionupdate', ({ data }) => enter.composed(data));
  field.addEventListener('compositionend', ({ data }) => {
    if (!enter.compositionEnd(data)) return;
    // Firefox reports the input after this event, and Chrome writes into a field that is cleared during it.
    clearTimeout(timer);
    timer = setTimeout(sendOnce);
  });
  field.addEventListener('blur', () => enter.blur());
}

/** Firefox, and Chrome on Windows, name the key `Process` while an input method has it. */
function isEnter({ key, code }: KeyDown): boolean {
  return key === 'Enter' || code === 'Enter' || code === 'NumpadEnter';
}

function isHangul(text: string): boolean {
  return (
    /\p{Script=Hangul}/u.test(text) &&
    !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u.test(text)
  );
}
