import { expect, test } from 'vitest';
import type { Message } from '../../contract/types.ts';
import { createEditing } from './editing.ts';

const message = { id: 'm', text: 'go forward ten metres' } as Message;

function open(answer: () => Promise<void> = async () => {}) {
  const saved: string[] = [];
  const editing = createEditing(async (_, text) => {
    await answer();
    saved.push(text);
  });
  editing.start(message);
  return { editing, saved };
}

test('the new text is trimmed and saved, and the editor closes', async () => {
  const { editing, saved } = open();
  editing.write(' go forward ten meters ');
  await editing.save();
  expect(saved).toEqual(['go forward ten meters']);
  expect(editing.draft()).toBeNull();
});

test('a text that is unchanged, blank, too long or cancelled is not sent', async () => {
  const { editing, saved } = open();
  await editing.save();
  expect(editing.draft()).toBeNull();
  editing.start(message);
  editing.write('  ');
  await editing.save();
  editing.write('x'.repeat(4_001));
  await editing.save();
  expect(editing.draft()).not.toBeNull();
  editing.cancel();
  await editing.save();
  expect(saved).toEqual([]);
});

test('saving twice before the answer sends once', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { editing, saved } = open(() => promise);
  editing.write('other');
  const both = [editing.save(), editing.save()];
  resolve();
  await Promise.all(both);
  expect(saved).toEqual(['other']);
});

test('after a failure the draft stays, and the failure says why', async () => {
  const { editing } = open(() => Promise.reject(new Error('socket closed')));
  editing.write('other');
  await editing.save();
  expect(editing.draft()?.text).toBe('other');
  expect(editing.failure()?.reason).toBe('disconnected');
});
