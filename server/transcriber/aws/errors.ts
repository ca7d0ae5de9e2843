import { AppError, type ErrorCode } from '../../../contract/errors.ts';

type Fault = { reason: string; message: string; retryable: boolean; code?: ErrorCode };

const FAULTS = {
  credentials: {
    reason: 'credentials',
    message:
      'Amazon Transcribe does not accept this server’s AWS credentials. The operator of the server must renew them.',
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
      'This server’s clock is wrong by more than five minutes, so AWS refuses its requests. The operator of the server must set the clock.',
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
      'Amazon Transcribe cannot use this room’s vocabulary or vocabulary filter. The owner of the room must check the names.',
    retryable: false,
    code: 'BAD_REQUEST',
  },
  refused: {
    reason: 'engine_refused',
    message: 'Amazon Transcribe does not accept this audio format or these settings.',
    retryable: false,
  },
  behind: {
    reason: 'engine_late',
    message: 'The audio reached Amazon Transcribe more than five minutes late. Start speaking again.',
    retryable: true,
  },
  idle: {
    reason: 'engine_idle',
    message: 'Amazon Transcribe got no audio for 15 seconds and ended the stream. Start speaking again.',
    retryable: true,
  },
  limit: {
    reason: 'engine_limit',
    message:
      'This server’s AWS account has reached a limit of Amazon Transcribe. Try again in a moment, or ask the operator to raise the quota.',
    retryable: true,
    code: 'TOO_MANY_REQUESTS',
  },
  duration: {
    reason: 'engine_duration',
    message: 'Amazon Transcribe ends a stream after four hours. Start speaking again.',
    retryable: true,
  },
  failed: {
    reason: 'engine_failed',
    message: 'Amazon Transcribe failed. Try again in a moment.',
    retryable: true,
  },
  unreachable: {
    reason: 'engine_unreachable',
    message:
      'The server cannot connect to Amazon Transcribe, or the connection broke off. Try again in a moment.',
    retryable: true,
  },
} as const satisfies Record<string, Fault>;

type FaultName = keyof typeof FAULTS;

/** The exceptions of the service, and those common to all AWS services. */
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

/** Turns an error of the SDK into an AppError that people and programs can act on. Keeps the cause. */
export function awsError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return fault(cause instanceof Error ? nameOf(cause) : 'failed', cause);
}

/** For a connection that ended, or was never answered, where the SDK reports no error. */
export function unreachable(message: string): AppError {
  return fault('unreachable', new Error(message));
}

function fault(name: FaultName, cause: unknown): AppError {
  const { reason, message, retryable, code = 'SERVICE_UNAVAILABLE' }: Fault = FAULTS[name];
  return new AppError(code, reason, message, { retryable, cause });
}

function nameOf(error: Error): FaultName {
  // Signature Version 4 refuses a wrong date as “Signature expired” or “Signature not yet current”.
  const wrongDate = /signature (expired|not yet current)/i.test(error.message);
  if (error.name === 'BadRequestException') return wrongDate ? 'behind' : badRequestFault(error.message);
  if (wrongDate) return 'clock';
  // The service has one exception both for its quotas and for a stream that has become too long.
  if (error.name === 'LimitExceededException' && /duration|length|too long/i.test(error.message))
    return 'duration';
  return BY_NAME[error.name] ?? byStatus(error);
}

function badRequestFault(message: string): FaultName {
  if (/timed out/i.test(message)) return 'idle';
  if (/vocabular/i.test(message)) return 'vocabulary';
  // A message may mention languages and still be about something else.
  return /language.*\b(not|un)\s?supported/i.test(message) ? 'language' : 'refused';
}

function byStatus(error: Error & { code?: unknown; $metadata?: { httpStatusCode?: number } }): FaultName {
  const status = error.$metadata?.httpStatusCode ?? 0;
  if (status === 401) return 'credentials';
  if (status === 403) return 'accessDenied';
  if (status === 429) return 'limit';
  if (status >= 400 && status < 500) return 'refused';
  // Errors of Node carry a code: the network failed, for example on the way to the source of the credentials.
  return typeof error.code === 'string' ? 'unreachable' : 'failed';
}
