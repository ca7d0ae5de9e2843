import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { encodeHeaders, type Message } from './eventStream.ts';

/** Access key ids and their secrets. */
export type Keys = Record<string, string>;

/** A refusal with the name and the message of AWS's own exception. */
export class SignatureError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/((\d{8})\/([^/]+)\/transcribe\/aws4_request), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
const SKEW_MS = 300_000;

/**
 * Checks the signature of a streaming request (Signature Version 4). Returns the verifier for the frames that follow.
 *
 * @param now the server's clock, milliseconds since 1970.
 * @throws SignatureError
 */
export function verifyRequest(headers: IncomingHttpHeaders, keys: Keys, now = Date.now): FrameVerifier {
  const match = AUTHORIZATION.exec(headers.authorization ?? '');
  if (!match)
    throw new SignatureError('IncompleteSignatureException', 'The Authorization header is malformed');
  const [, accessKeyId = '', scope = '', day = '', region = '', signedHeaders = '', signature = ''] = match;
  const secret = keys[accessKeyId];
  if (secret === undefined) {
    throw new SignatureError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  if (headers['x-amz-content-sha256'] !== 'STREAMING-AWS4-HMAC-SHA256-EVENTS') {
    throw new SignatureError('InvalidSignatureException', 'The body must be a signed event stream');
  }
  const date = String(headers['x-amz-date']);
  checkDate(parseDate(date), now(), 'InvalidSignatureException');
  const key = signingKey(secret, day, region);
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest(headers, signedHeaders))].join(
    '\n',
  );
  if (!date.startsWith(day) || hmac(key, toSign).toString('hex') !== signature) {
    throw new SignatureError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided.',
    );
  }
  return new FrameVerifier(key, { scope, seed: signature, now });
}

function canonicalRequest(headers: IncomingHttpHeaders, signedHeaders: string): string {
  const lines = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const { ':method': method, ':path': path, 'x-amz-content-sha256': hash } = headers;
  return [method, path, '', lines.join(''), signedHeaders, hash].join('\n');
}

/** Each frame's signature covers its date, its body and the previous signature; the first one, the request's. */
export class FrameVerifier {
  readonly #key: Buffer;
  readonly #scope: string;
  readonly #now: () => number;
  #lastSignature: string;

  constructor(key: Buffer, { scope, seed, now }: { scope: string; seed: string; now: () => number }) {
    this.#key = key;
    this.#scope = scope;
    this.#now = now;
    this.#lastSignature = seed;
  }

  /** @throws SignatureError if the frame is forged, repeated, out of order, or too old. */
  verify({ headers, body }: Message): void {
    const date = headers[':date'];
    const signature = headers[':chunk-signature'];
    if (!(date instanceof Date) || !Buffer.isBuffer(signature)) {
      throw new SignatureError('BadRequestException', 'A frame is not signed');
    }
    checkDate(date, this.#now(), 'BadRequestException');
    const toSign = [
      'AWS4-HMAC-SHA256-PAYLOAD',
      compact(date.getTime()),
      this.#scope,
      this.#lastSignature,
      sha256(encodeHeaders({ ':date': date })),
      sha256(body),
    ].join('\n');
    this.#lastSignature = signature.toString('hex');
    if (hmac(this.#key, toSign).toString('hex') !== this.#lastSignature) {
      throw new SignatureError('BadRequestException', 'The chunk signature does not match');
    }
  }
}

function checkDate(date: Date, now: number, refusal: string): void {
  if (Math.abs(now - date.getTime()) < SKEW_MS) return;
  const [signed, earliest, current] = [date.getTime(), now - SKEW_MS, now].map(compact);
  throw new SignatureError(
    refusal,
    `Signature expired: ${signed} is now earlier than ${earliest} (${current} - 5 min.)`,
  );
}

/** A time in AWS's format: 20260131T235959Z. */
function compact(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function parseDate(text: string): Date {
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function signingKey(secret: string, day: string, region: string): Buffer {
  return [day, region, 'transcribe', 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secret}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
