import { randomUUID } from 'node:crypto';

const COUNTER_MAX = 0xf_ff;
let lastMs = 0;
let counter = 0;

/**
 * A UUID of version 7 that is greater than all earlier ones of this process, also within a millisecond (RFC 9562,
 * section 6.2, method 1). So a search over all rooms lists quick messages in the order in which they were sent.
 */
export function nextMessageId(): string {
  const now = Math.max(Date.now(), lastMs);
  const isFull = now === lastMs && counter === COUNTER_MAX;
  counter = now > lastMs || isFull ? 0 : counter + 1;
  lastMs = isFull ? now + 1 : now;
  const time = lastMs.toString(16).padStart(12, '0');
  const count = counter.toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${randomUUID().slice(19)}`;
}
