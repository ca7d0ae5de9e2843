import { beforeEach, expect, test } from 'vitest';
import { settled } from '../../../testing/settled.ts';
import { TestAdmission } from '../../../testing/speech/recognitionScene.ts';
import { createNumbersEngine } from '../../transcriber/testing/numbers.ts';
import { AdmissionTicket } from './admissionTicket.ts';

let events: string[];
beforeEach(() => {
  events = [];
});

function request(ticket: AdmissionTicket, admission: TestAdmission): void {
  ticket.request(admission, {
    engine: createNumbersEngine(),
    isResuming: false,
    onPlace: (place) => events.push(`place ${place}`),
    onAdmitted: () => events.push('admitted'),
    onError: () => events.push('error'),
  });
}

test('a ticket holds one slot at most, however often it is requested', async () => {
  const [ticket, admission] = [new AdmissionTicket(), new TestAdmission(0)];
  request(ticket, admission);
  request(ticket, admission);
  admission.addSlots(2);
  await settled();
  request(ticket, admission);
  await settled();
  expect(events).toEqual(['place 1', 'admitted']);
  expect(admission.running).toBe(1);
});

test('a request that is withdrawn leaves the queue without an error', async () => {
  const [ticket, admission] = [new AdmissionTicket(), new TestAdmission(0)];
  request(ticket, admission);
  ticket.release();
  await settled();
  expect(admission.waiting).toBe(0);
  expect(events).toEqual(['place 1']);
});

test('a slot that is granted just as its request is withdrawn is released at once', async () => {
  const [ticket, admission] = [new AdmissionTicket(), new TestAdmission(1)];
  request(ticket, admission);
  ticket.release();
  await settled();
  expect(admission.running).toBe(0);
  expect(ticket.isHeld).toBe(false);
  expect(events).toEqual([]);
});

test('a slot that was released is released only once, and can be requested again', async () => {
  const [ticket, admission] = [new AdmissionTicket(), new TestAdmission(1)];
  request(ticket, admission);
  await settled();
  ticket.release();
  ticket.release();
  expect(ticket.isHeld).toBe(false);
  expect(admission.running).toBe(0);
  request(ticket, admission);
  await settled();
  expect(ticket.isHeld).toBe(true);
});

test('audio that is lost is lost to the queue only while a request is pending', async () => {
  const [ticket, admission] = [new AdmissionTicket(), new TestAdmission(0)];
  expect(ticket.gapReason).toBe('engine');
  request(ticket, admission);
  expect(ticket.gapReason).toBe('queue');
  admission.addSlots(1);
  await settled();
  expect(ticket.gapReason).toBe('engine');
});

test('an admission that fails is reported', async () => {
  const ticket = new AdmissionTicket();
  const admission = new TestAdmission();
  admission.acquire = () => Promise.reject(new Error('The admission failed.'));
  request(ticket, admission);
  await settled();
  expect(events).toEqual(['error']);
});
