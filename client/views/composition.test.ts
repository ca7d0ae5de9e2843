import { describe, expect, test } from 'vitest';
import { EnterKey, type KeyDown } from './composition.ts';

/** One step: a key goes down, the composed text changes, the composition ends, or the field loses the focus. */
type Step = { down: KeyDown } | { text: string } | { end: string } | 'blur';

const down = (key: string, more: Partial<KeyDown> = {}): Step => ({
  down: { key, code: key, keyCode: 13, isComposing: false, shiftKey: false, ...more },
});
const composing = (key: string, code = key): Step =>
  down(key, { code, keyCode: 229, isComposing: true, shiftKey: false });
const compositionOf = (text: string): Step[] => [{ text: '' }, { text: text.slice(0, 1) }, { text }];

/** @returns the steps, counted from 0, after which the text is sent. */
function sentAfter(steps: Step[], before = ''): number[] {
  const enter = new EnterKey();
  const takes = (step: Step): boolean => {
    if (step === 'blur') enter.blur();
    else if ('text' in step) enter.composed(step.text);
    else if ('end' in step) return enter.compositionEnd(step.end);
    else return enter.keyDown(step.down, before);
    return false;
  };
  return steps.flatMap((step, index) => (takes(step) ? [index] : []));
}

/**
 * The events of the Enter that ends a composition, as W3C's keyboard event viewer shows them.
 * Chrome and Firefox: https://github.com/codemirror/codemirror.next/files/4741239 and /4741242 (macOS, Japanese).
 * Safari: https://bugs.webkit.org/165004. Chrome may report a second Enter after the end of Hangul
 * (https://github.com/vuejs/vue/issues/10277): `client/e2e/inputMethod.test.ts` shows that it sends nothing more.
 */
const ORDERS: Record<string, (text: string) => Step[]> = {
  'Chrome on Windows': (text) => [composing('Process', 'Enter'), { text }, { end: text }],
  'Chrome on macOS': (text) => [composing('Enter'), { text }, { end: text }],
  'the number block': (text) => [composing('Process', 'NumpadEnter'), { text }, { end: text }],
  Firefox: (text) => [composing('Process', 'Enter'), { end: text }],
  Safari: (text) => [{ end: text }, down('Enter', { keyCode: 229 })],
};

describe.each(Object.entries(ORDERS))('in the event order of %s', (_, orderOf) => {
  test.each(['한', 'ㅎ', '안녕', '앞 오른쪽', 'ᄒ'])('the Enter that ends %s sends it once', (text) => {
    const steps = [...compositionOf(text), ...orderOf(text)];
    expect(sentAfter(steps)).toEqual([steps.length - 1]);
  });

  test.each(['日本語', 'にほん', 'ニ', 'nihao', '你好', 'ㄋㄧ', 'ﾆﾎﾝ'])(
    'the Enter that ends %s sends nothing',
    (text) => {
      const steps = [...compositionOf(text), ...orderOf(text)];
      expect(sentAfter(steps, '한글 뒤에')).toEqual([]);
      // The next Enter is an ordinary one.
      expect(sentAfter([...steps, down('Enter')])).toEqual([steps.length]);
    },
  );

  test('Shift+Enter sends nothing', () => {
    const shifted = orderOf('한').map((step) =>
      typeof step === 'object' && 'down' in step ? { down: { ...step.down, shiftKey: true } } : step,
    );
    expect(sentAfter([...compositionOf('한'), ...shifted])).toEqual([]);
  });
});

test.each<[string, Step[], number[]]>([
  ['Enter without a composition', [down('Enter')], [0]],
  ['another key', [down('a')], []],
  ['Hanja chosen with Enter', [...compositionOf('한'), composing('Process', 'Enter'), { end: '漢' }], []],
  ['Hangul left with a click', [...compositionOf('한'), { end: '한' }, 'blur'], []],
  ['Hangul left with a blur', [...compositionOf('한'), composing('Enter'), 'blur', { end: '한' }], []],
  [
    'a Backspace that empties the composition',
    [...compositionOf('한'), composing('Backspace'), { text: '' }, { end: '' }, down('Enter')],
    [6],
  ],
  [
    'typing on after an Enter that ended nothing',
    [...compositionOf('한'), composing('Enter'), composing('k', 'KeyK'), { end: '한' }],
    [],
  ],
  ['a composition that is given up', [...compositionOf('한'), composing('Enter'), { end: '' }], []],
  [
    'Japanese after Hangul',
    [...compositionOf('한'), { end: '한' }, ...compositionOf('日'), composing('Enter')],
    [],
  ],
])('%s', (_, steps, expected) => {
  expect(sentAfter(steps)).toEqual(expected);
});

test.each([
  ['안녕', [0]],
  ['にほ', []],
  ['', []],
])('without composition events, the text before the caret decides: %s', (before, expected) => {
  expect(sentAfter([down('Enter', { keyCode: 229 })], before)).toEqual(expected);
});
