import { AppError, type ErrorCode } from '../../../contract/errors.ts';

type Fault = { reason: string; message: string; retryable: boolean; code?: ErrorCode };

const FAULTS = {
  credentials: {
    reason: 'credentials',
    message:
      'Amazon Transcribe does not accept this server’s AWS credentials. Whoever runs it must renew them.',
    retryable: false,
  },
  accessDenied: {
    reason: 'access_denied',
    message:
      'This server’s AWS role may not use Amazon Transcribe. It needs the permission transcribe:StartStreamTranscription.',
    retryable: false,
  },
  clock: {
    reason: 'clock_wrong',
    message:
      'This server’s clock is wrong by more than five minutes, so AWS refuses it. Whoever runs it must set it.',
    retryable: false,
  },
  language: {
    reason: 'language_unsupported',
    message: 'Amazon Transcribe does not understand this language. Choose another one.',
    retryable: false,
    code: 'BAD_REQUEST',
  },
  vocabulary: {
    reason: 'vocabulary_unknown',
    message:
      'Amazon Transcribe cannot use this room’s vocabulary or vocabulary filter. Whoever looks after the room must check the names.',
    retryable: false,
    code: 'BAD_REQUEST',
  },
  refused: {
    reason: 'engine_refused',
    message: 'Amazon Transcribe refuses this kind of audio or these settings.',
    retryable: false,
  },
  behind: {
    reason: 'engine_late',
    message: 'The audio reached Amazon Transcribe more than five minutes late. Start speaking again.',
    retryable: true,
  },
  idle: {
    reason: 'engine_idle',
    message: 'Amazon Transcribe got no audio for 15 seconds and hung up. Start speaking again.',
    retryable: true,
  },
  limit: {
    reason: 'engine_limit',
    message:
      'A limit of this server’s AWS account at Amazon Transcribe is reached. Try again in a moment, or have the quota raised.',
    retryable: true,
    code: 'TOO_MANY_REQUESTS',
  },
  duration: {
    reason: 'engine_duration',
    message: 'Amazon Transcribe listens for four hours at a time at most. Start speaking again.',
    retryable: true,
  },
  failed: {
    reason: 'engine_failed',
    message: 'Amazon Transcribe failed. Try again in a moment.',
    retryable: true,
  },
  unreachable: {
    reason: 'engine_unreachable',
    message: 'The connection to Amazon Transcribe cannot be made or broke off. Try again in a moment.',
    retryable: true,
  },
} as const satisfies Record<string, Fault>;

type FaultName = keyof typeof FAULTS;

/** The service's own exceptions, and those that every AWS service may answer with. */
const BY_NAME: Record<string, FaultName> = {
  ConnectionError: 'unreachable',
  LimitExceededException: 'limit',
  ThrottlingException: 'limit',
  TooManyRequestsException: 'limit',
  ConflictException: 'failed',
  InternalFailureException: 'failed',
  ServiceUnavailableException: 'failed',
  AccessDeniedException: 'accessDenied',
  OptInRequired: 'accessDenied',
  SubscriptionRequiredException: 'accessDenied',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  ExpiredTokenException: 'credentials',
  IncompleteSignatureException: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignatureException: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  UnrecognizedClientException: 'credentials',
};

/** What the SDK throws, as a failure that people and programs can act on. Keeps the cause. */
export function awsError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return fault(cause instanceof Error ? nameOf(cause) : 'failed', cause);
}

/** The connection ended, or was never answered, without the SDK calling that an error. */
export function unreachable(what: string): AppError {
  return fault('unreachable', new Error(what));
}

function fault(name: FaultName, cause: unknown): AppError {
  const { reason, message, retryable, code = 'SERVICE_UNAVAILABLE' }: Fault = FAULTS[name];
  return new AppError(code, reason, message, { retryable, cause });
}

function nameOf(error: Error): FaultName {
  // “Signature expired”, “Signature not yet current”: the words of Signature Version 4's own refusals.
  const untimely = /signature (expired|not yet current)/i.test(error.message);
  if (error.name === 'BadRequestException') return untimely ? 'behind' : refusalOf(error.message);
  if (untimely) return 'clock';
  // The service has one exception for its quotas and for a stream that has become too long.
  if (error.name === 'LimitExceededException' && /duration|length|too long/i.test(error.message))
    return 'duration';
  return BY_NAME[error.name] ?? byStatus(error);
}

function refusalOf(message: string): FaultName {
  if (/timed out/i.test(message)) return 'idle';
  if (/vocabular/i.test(message)) return 'vocabulary';
  // Not every refusal that speaks of languages is one of the language.
  return /language.*\b(not|un)\s?supported/i.test(message) ? 'language' : 'refused';
}

function byStatus(error: Error & { code?: unknown; $metadata?: { httpStatusCode?: number } }): FaultName {
  const status = error.$metadata?.httpStatusCode ?? 0;
  if (status === 401) return 'credentials';
  if (status === 403) return 'accessDenied';
  if (status === 429) return 'limit';
  if (status >= 400 && status < 500) return 'refused';
  // Node's own errors carry a code: whoever gives us the credentials could not be reached.
  return typeof error.code === 'string' ? 'unreachable' : 'failed';
}
