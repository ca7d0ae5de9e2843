import { encodeMessage, type Message } from './eventStream.ts';
import type { Fault, Moment } from './faults.ts';

/** A fault of the service or of the network, and the `reason` and `retryable` of the adapter's AppError. */
export type FaultRow = {
  name: string;
  fault: Fault;
  reason: string;
  retryable: boolean;
};

const event = (type: string, body: unknown): Message => ({
  headers: { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(body)),
});
const results = (...list: object[]) => event('TranscriptEvent', { Transcript: { Results: list } });

/** Strange messages that the service may send at any time. They are no faults, and no word may be lost through them. */
export const ODDITIES: { name: string; messages: Message[] }[] = [
  { name: 'an event without results', messages: [results()] },
  { name: 'an event without a transcript', messages: [event('TranscriptEvent', {})] },
  { name: 'an event of an unknown type', messages: [event('WeatherEvent', { Rain: true })] },
  { name: 'a result without alternatives', messages: [results({ ResultId: 'odd', IsPartial: true })] },
  {
    name: 'a final with no alternative',
    messages: [results({ ResultId: 'odd', IsPartial: false, Alternatives: [] })],
  },
  {
    name: 'a final without items',
    messages: [results({ ResultId: 'odd', IsPartial: false, Alternatives: [{ Transcript: '' }] })],
  },
];

/** A message with one wrong bit. */
const damaged = encodeMessage(results());
damaged.writeUInt8(damaged.readUInt8(30) ^ 1, 30);

type Case = [what: string, fault: Fault, reason: string, retryable: boolean];

const MESSAGE = 'some message of the service';
const LATE =
  'Signature expired: 20260101T084949Z is now earlier than 20260101T084949Z (20260101T085449Z - 5 min.)';
const UNSUPPORTED =
  'The language code that you specified is not supported. Check the language and try again.';

/** HTTP errors instead of the answer, from AWS's front end or from the service. */
function refusals(): Case[] {
  const refusal = (status: number, exception: string, message = MESSAGE): Fault => ({
    at: 'request',
    kind: 'refusal',
    status,
    exception,
    message,
  });
  return [
    ['AccessDeniedException', refusal(403, 'AccessDeniedException'), 'access_denied', false],
    ['UnrecognizedClientException', refusal(403, 'UnrecognizedClientException'), 'credentials', false],
    ['ExpiredTokenException', refusal(403, 'ExpiredTokenException'), 'credentials', false],
    ['a wrong clock', refusal(403, 'InvalidSignatureException', LATE), 'clock_wrong', false],
    ['UnsupportedLanguage', refusal(400, 'BadRequestException', UNSUPPORTED), 'language_unsupported', false],
    ['BadRequestException', refusal(400, 'BadRequestException'), 'engine_refused', false],
    ['LimitExceededException', refusal(429, 'LimitExceededException'), 'engine_limit', true],
    ['ThrottlingException', refusal(429, 'ThrottlingException'), 'engine_limit', true],
    ['ConflictException', refusal(409, 'ConflictException'), 'engine_failed', true],
    ['InternalFailureException', refusal(500, 'InternalFailureException'), 'engine_failed', true],
    ['ServiceUnavailableException', refusal(503, 'ServiceUnavailableException'), 'engine_failed', true],
    ['a proxy’s own error', refusal(502, 'Bad Gateway'), 'engine_failed', true],
  ];
}

/** Exceptions in the stream. The service may send them before its first event and between events. */
function exceptions(at: Moment): Case[] {
  const exception = (name: string, message = MESSAGE): Fault => ({
    at,
    kind: 'exception',
    exception: name,
    message,
  });
  const bad = (message?: string) => exception('BadRequestException', message);
  const idle = 'Your request timed out because no new audio was received for 15 seconds.';
  const long = 'Your client has exceeded the maximum session duration.';
  return [
    ['15 s without audio', bad(idle), 'engine_idle', true],
    ['Signature expired', bad(LATE), 'engine_late', true],
    ['UnsupportedLanguage', bad(UNSUPPORTED), 'language_unsupported', false],
    ['another BadRequestException', bad(), 'engine_refused', false],
    ['LimitExceededException', exception('LimitExceededException'), 'engine_limit', true],
    ['maximum duration', exception('LimitExceededException', long), 'engine_duration', true],
    ['ConflictException', exception('ConflictException'), 'engine_failed', true],
    ['InternalFailureException', exception('InternalFailureException'), 'engine_failed', true],
    ['ServiceUnavailableException', exception('ServiceUnavailableException'), 'engine_failed', true],
    ['an unknown exception', exception('UnheardOfException'), 'engine_failed', true],
  ];
}

/** Faults of the connection. */
function connectionFaults(at: Moment): Case[] {
  const codes = { NO_ERROR: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2, REFUSED_STREAM: 7, CANCEL: 8 };
  return [
    ...Object.entries(codes).map(
      ([name, code]): Case => [`RST_STREAM ${name}`, { at, kind: 'reset', code }, 'engine_unreachable', true],
    ),
    ['TCP FIN', { at, kind: 'fin' }, 'engine_unreachable', true],
    ['TCP RST', { at, kind: 'tcpReset' }, 'engine_unreachable', true],
    ['GOAWAY', { at, kind: 'goaway' }, 'engine_unreachable', true],
    ['a frozen connection', { at, kind: 'freeze' }, 'engine_unreachable', true],
  ];
}

/** Answers that are not valid events, or that end too early. */
function badAnswers(at: Moment): Case[] {
  const bytes = (text: Uint8Array): Fault => ({ at, kind: 'bytes', bytes: text });
  const error = { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': MESSAGE };
  return [
    [
      'an error message',
      bytes(encodeMessage({ headers: error, body: Buffer.alloc(0) })),
      'engine_failed',
      true,
    ],
    ['an end without a reason', { at, kind: 'end' }, 'engine_unreachable', true],
    ['an event with a wrong checksum', bytes(damaged), 'engine_failed', true],
    ['garbage for events', bytes(Buffer.from('<html>Bad Gateway</html>')), 'engine_failed', true],
  ];
}

const WHEN: Record<Moment, string> = {
  request: 'before the answer',
  audio: 'before the first event',
  event: 'between the events',
  end: 'before the last event',
};

const rows = (at: Moment, ...cases: Case[][]): FaultRow[] =>
  cases.flat().map(([what, fault, reason, retryable]) => ({
    name: `${what}, ${WHEN[at]}`,
    fault,
    reason,
    retryable,
  }));

/** Every fault that the test server can make. A speech stream must survive all that are retryable. */
export const FAULT_TABLE: FaultRow[] = [
  ...rows('request', refusals(), connectionFaults('request'), [
    ['no answer', { at: 'request', kind: 'silence' }, 'engine_unreachable', true],
    ['half an answer', { at: 'request', kind: 'stall' }, 'engine_unreachable', true],
  ]),
  ...rows('audio', exceptions('audio'), connectionFaults('audio'), badAnswers('audio')),
  ...rows('event', exceptions('event'), connectionFaults('event'), badAnswers('event')),
  ...rows(
    'end',
    exceptions('end').filter(([what]) => what === 'InternalFailureException'),
    // HTTP/2 may end a good stream with RST_STREAM NO_ERROR, and Node reports it like a normal end.
    connectionFaults('end').filter(([what]) => what !== 'RST_STREAM NO_ERROR'),
    [['no answer', { at: 'end', kind: 'silence' }, 'engine_unreachable', true]],
  ),
];
