import type { IncomingHttpHeaders } from 'node:http2';

/** The options in the `x-amzn-transcribe-*` headers of a request. */
export type RequestOptions = ReturnType<typeof readOptions>;

/** The vocabularies of an AWS account, by name, and its vocabulary filters: each name with the filtered words. */
export type Account = { vocabularies: string[]; vocabularyFilters: Record<string, string[]> };

const LANGUAGE = /^[a-z]{2,3}-[A-Z]{2}$/;
const MASKED_LANGUAGES = ['en-AU', 'en-GB', 'en-US', 'es-US'];

export function readOptions(headers: IncomingHttpHeaders) {
  const text = (name: string) => headers[`x-amzn-transcribe-${name}`]?.toString();
  const list = (name: string) => text(name)?.split(',') ?? [];
  const flag = (name: string) => text(name) === 'true';
  return {
    sampleRate: Number(text('sample-rate')),
    encoding: text('media-encoding'),
    language: text('language-code'),
    identify: flag('identify-language'),
    identifySeveral: flag('identify-multiple-languages'),
    languageOptions: list('language-options'),
    stabilised: flag('enable-partial-results-stabilization'),
    stability: text('partial-results-stability'),
    vocabulary: text('vocabulary-name'),
    vocabularies: list('vocabulary-names'),
    filter: text('vocabulary-filter-name'),
    filters: list('vocabulary-filter-names'),
    filterMethod: text('vocabulary-filter-method'),
    redaction: text('content-redaction-type'),
    piiTypes: text('pii-entity-types'),
    speakers: flag('show-speaker-label'),
  };
}

/** @throws Error with the name of the service's exception, if the service would refuse the request. */
export function checkOptions(options: RequestOptions, account: Account): void {
  const [problem] = [
    ...mediaProblems(options),
    ...languageProblems(options),
    ...vocabularyProblems(options, account),
    ...redactionProblems(options),
  ];
  if (problem) throw Object.assign(new Error(problem), { name: 'BadRequestException' });
}

function* mediaProblems({ encoding, sampleRate, stabilised, stability }: RequestOptions): Generator<string> {
  if (encoding !== 'pcm' || !(sampleRate >= 8_000 && sampleRate <= 48_000)) {
    yield 'The media encoding or sample rate is not supported';
  }
  if (stability !== undefined && !(stabilised && ['low', 'medium', 'high'].includes(stability))) {
    yield 'PartialResultsStability is only valid when partial results stabilization is enabled';
  }
}

function* languageProblems(options: RequestOptions): Generator<string> {
  const { language, identify, identifySeveral, languageOptions } = options;
  const ways = [language !== undefined, identify, identifySeveral].filter(Boolean).length;
  if (ways !== 1) {
    yield 'Specify exactly one of LanguageCode, IdentifyLanguage and IdentifyMultipleLanguages';
  }
  const languages = language === undefined ? languageOptions : [language];
  if (languages.some((code) => !LANGUAGE.test(code))) {
    yield 'The language code that you specified is not supported. Check the language and try again.';
  }
  if (language === undefined && languages.length < 2) {
    yield 'You must specify at least two language options for language identification.';
  }
  if (new Set(languages.map((code) => code.split('-')[0])).size < languages.length) {
    yield 'You can include only one dialect per language in the language options.';
  }
}

function* vocabularyProblems(options: RequestOptions, account: Account): Generator<string> {
  const { language, vocabulary, vocabularies, filter, filters, filterMethod } = options;
  if (language === undefined && (vocabulary ?? filter) !== undefined) {
    yield 'You must specify the custom vocabularies in the vocabularyNames parameter when using language identification or multiple language identification.';
  }
  if (language !== undefined && vocabularies.length + filters.length > 0) {
    yield 'VocabularyNames and VocabularyFilterNames are only valid with language identification.';
  }
  const wanted = [vocabulary ?? [], vocabularies].flat();
  if (wanted.some((name) => !account.vocabularies.includes(name))) {
    yield "The requested vocabulary couldn't be found. Check the vocabulary name and try your request again.";
  }
  const wantedFilters = [filter ?? [], filters].flat();
  if (wantedFilters.some((name) => !(name in account.vocabularyFilters))) {
    yield "The requested vocabulary filter couldn't be found. Check the vocabulary filter name and try your request again.";
  }
  if (filterMethod !== undefined && wantedFilters.length === 0) {
    yield 'VocabularyFilterMethod is only valid with a vocabulary filter.';
  }
}

function* redactionProblems({ redaction, piiTypes, language }: RequestOptions): Generator<string> {
  if (redaction === undefined) {
    if (piiTypes !== undefined) yield 'PiiEntityTypes needs a content identification or redaction type.';
    return;
  }
  if (redaction !== 'PII') yield 'The content redaction type must be PII.';
  if (language === undefined) yield 'Content redaction is not available with language identification.';
  else if (!MASKED_LANGUAGES.includes(language)) yield `Content redaction is not available for ${language}.`;
}
