import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { encodeHeaders, type Message } from './eventStream.ts';

/** Access key ids and their secrets. */
export type Keys = Record<string, string>;

/** A refusal in the words of AWS: the name of the exception and a message. */
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
 * Checks the signature of a streaming request (Signature Version 4) and answers what checks its frames.
 * @throws SignatureError
 */
export function verifyRequest(headers: IncomingHttpHeaders, keys: Keys): FrameVerifier {
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
  checkDate(parseDate(date), 'InvalidSignatureException');
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
  return new FrameVerifier(key, scope, signature);
}

function canonicalRequest(headers: IncomingHttpHeaders, signedHeaders: string): string {
  const lines = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const { ':method': method, ':path': path, 'x-amz-content-sha256': hash } = headers;
  return [method, path, '', lines.join(''), signedHeaders, hash].join('\n');
}

/** Each frame signs its date, its body, and the signature before it; the first one goes on from the request's. */
export class FrameVerifier {
  readonly #key: Buffer;
  readonly #scope: string;
  #prior: string;

  constructor(key: Buffer, scope: string, seed: string) {
    this.#key = key;
    this.#scope = scope;
    this.#prior = seed;
  }

  /** @throws SignatureError if the frame is forged, repeated, out of its turn, or old. */
  verify({ headers, body }: Message): void {
    const date = headers[':date'];
    const signature = headers[':chunk-signature'];
    if (!(date instanceof Date) || !Buffer.isBuffer(signature)) {
      throw new SignatureError('BadRequestException', 'A frame is not signed');
    }
    checkDate(date, 'BadRequestException');
    const toSign = [
      'AWS4-HMAC-SHA256-PAYLOAD',
      date.toISOString().replace(/[-:]|\.\d+/g, ''),
      this.#scope,
      this.#prior,
      sha256(encodeHeaders({ ':date': date })),
      sha256(body),
    ].join('\n');
    this.#prior = signature.toString('hex');
    if (hmac(this.#key, toSign).toString('hex') !== this.#prior) {
      throw new SignatureError('BadRequestException', 'The chunk signature does not match');
    }
  }
}

function checkDate(date: Date, refusal: string): void {
  if (Math.abs(Date.now() - date.getTime()) < SKEW_MS) return;
  throw new SignatureError(refusal, `Signature expired: ${date.getTime()} is not now`);
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
