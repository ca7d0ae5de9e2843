type Screen = { isTTY?: boolean; write: (text: string) => unknown };

const CELLS = 30;
const REDRAW_MS = 100;
/** Without a terminal, e.g. in a log, one line is written for each step of this size. */
const LINE_EVERY_PERCENT = 10;

/** Shows the progress of downloads: a moving bar in a terminal, a few lines elsewhere. */
export class Progress {
  readonly #screen: Screen;
  #file = '';
  #percent = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isOpen = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** @param total in bytes; null if it is not known. */
  show(file: string, bytes: number, total: number | null): void {
    if (file !== this.#file) this.#begin(file);
    const percent = total ? Math.floor((100 * bytes) / total) : 0;
    const text = total
      ? `${file}  ${percent} %  ${megabytes(bytes)} of ${megabytes(total)} MB`
      : `${file}  ${megabytes(bytes)} MB`;
    if (this.#screen.isTTY) this.#draw(percent, text, bytes === total);
    else if (percent >= this.#percent + LINE_EVERY_PERCENT) {
      this.#percent = percent - (percent % LINE_EVERY_PERCENT);
      this.#screen.write(`  ${text}\n`);
    }
  }

  /** Ends the bar's line, so that the next output starts on a new one. */
  end(): void {
    if (this.#isOpen) this.#screen.write('\n');
    this.#isOpen = false;
  }

  #begin(file: string): void {
    this.end();
    this.#file = file;
    this.#percent = 0;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #draw(percent: number, text: string, isLast: boolean): void {
    const now = performance.now();
    if (!isLast && now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#isOpen = true;
    const full = Math.round((CELLS * percent) / 100);
    // Moves to the start of the line and erases it.
    this.#screen.write(`\r\u001b[K  [${'#'.repeat(full)}${'.'.repeat(CELLS - full)}] ${text}`);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}
