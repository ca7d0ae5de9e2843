/** The validator by the authors of WebVTT. The package has no types. */
declare module 'webvtt-parser' {
  type Node = { type: string; name?: string; value?: string; children?: Node[] };
  type Cue = { startTime: number; endTime: number; tree: Node };
  class WebVTTParser {
    /** @param references the characters for the names of character references. */
    constructor(references: Record<string, string>);
    parse(
      text: string,
      kind: 'metadata' | 'chapters',
    ): { cues: Cue[]; errors: { message: string; line: number }[] };
  }

  export { WebVTTParser };
}
