/** The validator of the group that wrote the format; the package brings no types. */
declare module 'webvtt-parser' {
  type Node = { type: string; name?: string; value?: string; children?: Node[] };
  type Cue = { startTime: number; endTime: number; tree: Node };
  class WebVTTParser {
    /** @param references what the names of character references stand for. */
    constructor(references: Record<string, string>);
    parse(
      text: string,
      kind: 'metadata' | 'chapters',
    ): { cues: Cue[]; errors: { message: string; line: number }[] };
  }

  export { WebVTTParser };
}
