import { z } from 'zod';
import { fold } from './fold.ts';
import { codePoints, LIMITS } from './limits.ts';
import { cleanName, cleanText, isVisible, seenText } from './text.ts';

/** The inputs of tRPC and REST. People read the error messages. */

const atMost = (length: number) =>
  [(text: string) => codePoints(text) <= length, `At most ${length} characters.`] as const;

/** A text without what cannot be seen. It must show something. Its length counts after the cleaning. */
const visible = (label: string, length: number, clean: (text: string) => string) =>
  z
    .string()
    .overwrite(clean)
    .refine(isVisible, `${label} must not be blank.`)
    .refine(...atMost(length));

const line = (label: string, length: number) => visible(label, length, cleanName);

const uuid = z.guid('Not a UUID.').toLowerCase();

/** Our ids are lower-case UUIDs. */
export const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** An id that nothing has. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
/**
 * An id of ours. A text that cannot be one becomes an id that nothing has. So every call answers it like an unknown id,
 * and no database ever compares it by rules of its own.
 */
const id = z
  .string()
  .min(1)
  .max(64)
  .transform((text) => (ID.test(text) ? text : NOBODY));
/** An id of ours whose shape is part of the contract. */
const uuidOfOurs = z.string().regex(ID, 'Not a UUID in lower case.');
/** A whole number. Addresses hold texts, so its decimal digits are as good. Nothing else is: an empty text is no zero. */
const whole = (min: number, max: number) => {
  const error = `Not a whole number from ${min} to ${max}.`;
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    z.int(error).min(min, error).max(max, error),
  );
};
const limit = whole(1, LIMITS.pageSizeMax).default(LIMITS.pageSize);
const seq = whole(0, Number.MAX_SAFE_INTEGER);

/** The `nextCursor` of an earlier page. An empty one is none. */
const cursorLike = (form: RegExp) =>
  z
    .string()
    .refine((text) => text === '' || form.test(text), 'Not a cursor of this list.')
    .transform((text) => text || undefined)
    .optional();
const cursor = cursorLike(ID);
const languageTag = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'Not a language tag such as ko-KR or en-US.')
  .max(35);
const language = z.literal('auto').or(languageTag);

export const sessionInput = z.object({ name: line('A name', LIMITS.userNameLength) });

export const roomInput = z.object({ roomId: id });

/** Without `abort` a text of any length would be folded. */
const searchWords = z
  .string()
  .max(2 * LIMITS.searchLength, { error: atMost(LIMITS.searchLength)[1], abort: true })
  .refine(...atMost(LIMITS.searchLength));

export const roomsPage = z.object({
  search: searchWords.overwrite(cleanName).optional(),
  cursor,
  limit,
});

/** https://docs.aws.amazon.com/transcribe/latest/APIReference/API_streaming_StartStreamTranscription.html */
const vocabulary = z
  .string()
  .overwrite(cleanName)
  .regex(
    /^[0-9a-zA-Z._-]{1,200}$/,
    'A vocabulary’s name has 1 to 200 letters, digits, dots, dashes and underscores.',
  )
  .nullable();

const hasOneDialectPerLanguage = (tags: string[]) =>
  new Set(tags.map((tag) => tag.split('-')[0])).size === tags.length;

/** A room’s speech settings. A setting that is left out stays as it is. */
const speechSettings = z
  .strictObject({
    languages: z
      .array(languageTag)
      .max(LIMITS.speechLanguages, `At most ${LIMITS.speechLanguages} languages.`)
      .refine((tags) => tags.length !== 1, 'Give at least two languages to choose from, or none.')
      .refine(hasOneDialectPerLanguage, 'Give only one dialect of each language.'),
    vocabulary,
    vocabularyFilter: vocabulary,
    filterMethod: z.enum(['mask', 'remove', 'tag']),
    stability: z.enum(['off', 'low', 'medium', 'high']),
    redact: z.boolean(),
    speakers: z.boolean(),
  })
  .partial();

const roomName = line('A room’s name', LIMITS.roomNameLength);

export const newRoom = z.object({
  name: roomName,
  visibility: z.enum(['public', 'private']).default('public'),
  language: language.default('en-US'),
  speech: speechSettings.default({}),
});

export const roomUpdate = roomInput.extend({
  name: roomName.optional(),
  language: language.optional(),
  speech: speechSettings.optional(),
});

export const membersPage = roomInput.extend({ cursor, limit });

const messageText = visible('A message', LIMITS.textLength, cleanText);

/** The ids of the people that a text mentions, without duplicates. */
const mentions = z
  .array(id)
  .max(LIMITS.mentions)
  .default([])
  .transform((ids) => [...new Set(ids)]);

export const newMessage = roomInput.extend({
  clientId: uuid,
  text: messageText,
  mentions,
  replyTo: id.nullish().transform((value) => value ?? null),
});

export const messagesPage = roomInput
  .extend({ before: seq.optional(), after: seq.optional(), around: seq.optional(), limit })
  .refine(({ before, after, around }) => around === undefined || (before ?? after) === undefined, {
    path: ['around'],
    error: 'Give either around, or before and after.',
  });

const oneMessage = roomInput.extend({ messageId: uuidOfOurs });

export const messageEdit = oneMessage.extend({ text: messageText, mentions });

export const messageRemoval = oneMessage;

export const messageReaction = oneMessage.extend({
  emoji: z.string().regex(/^\p{RGI_Emoji}$/v, 'Not an emoji.'),
  on: z.boolean().default(true),
});

/** A seq in one room, an id over all rooms. */
const SEARCH_CURSOR = new RegExp(`^[1-9]\\d{0,9}$|${ID.source}`);

export const messageSearch = z.object({
  /** One phrase. Its blanks count too. It is cleaned like the messages that it is looked for in. */
  query: searchWords
    .overwrite(seenText)
    .refine((text) => fold(text).trim() !== '', 'Enter the words to search for.'),
  roomId: id.optional(),
  cursor: cursorLike(SEARCH_CURSOR),
  limit,
});

export const readMarker = roomInput.extend({ seq });

export const typingInput = roomInput.extend({ typing: z.boolean().default(true) });

/** Any cursor passes here. The server answers an impossible one with `reset`, not with an error. */
export const liveInput = roomInput.extend({
  lastEventId: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .transform((value) => value ?? undefined),
});

const seconds = z.number().min(0).max(LIMITS.lostSecondsMax);

export const speechStart = roomInput.extend({
  language,
  sampleRate: z.number().int().min(LIMITS.sampleRateMin).max(LIMITS.sampleRateMax),
  takeOver: z.boolean().default(false),
  behindSeconds: seconds.optional(),
  lostSeconds: seconds.optional(),
});

export const speechResume = z.object({
  streamId: uuidOfOurs,
  fresh: z.boolean().default(false),
  /** The client keeps its audio until the words are saved, so it wants to know how far they are. */
  keepsAudio: z.boolean().default(false),
});

export const speechEngine = z.object({ roomId: id.optional() });

export const speechStop = z.object({ streamId: uuidOfOurs });

const instant = z.iso
  .datetime({ offset: true, error: 'Not a time with its zone such as 2026-01-31T12:00:00Z.' })
  .transform((text) => new Date(text));

const spoken = roomInput.extend({
  from: instant.optional(),
  to: instant.optional(),
  speakerId: id.optional(),
});

export const transcriptQuery = spoken.extend({ after: seq.optional(), limit });

export const transcriptExport = spoken.extend({
  format: z.enum(['txt', 'srt', 'vtt', 'json']),
  tz: z.string().refine(isTimeZone, 'Not a time zone such as Asia/Seoul.').default('UTC'),
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
