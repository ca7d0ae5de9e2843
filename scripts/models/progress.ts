type Screen = { isTTY?: boolean; write: (text: string) => unknown };

const CELLS = 30;
const REDRAW_MS = 100;
/** Where nobody watches, e.g. in a log, a line is written so often. */
const LINE_EVERY_PERCENT = 10;

/** Shows how far files have come: a bar that moves, or a few lines where the output is not a terminal. */
export class Progress {
  readonly #screen: Screen;
  #file = '';
  #percent = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isOpen = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** @param total null if it is not known. */
  show(file: string, bytes: number, total: number | null): void {
    if (file !== this.#file) this.#begin(file);
    const percent = total ? Math.floor((100 * bytes) / total) : 0;
    const said = total
      ? `${file}  ${percent} %  ${megabytes(bytes)} of ${megabytes(total)} MB`
      : `${file}  ${megabytes(bytes)} MB`;
    if (this.#screen.isTTY) this.#draw(percent, said, bytes === total);
    else if (percent >= this.#percent + LINE_EVERY_PERCENT) {
      this.#percent = percent - (percent % LINE_EVERY_PERCENT);
      this.#screen.write(`  ${said}\n`);
    }
  }

  /** What is written next begins a line of its own. */
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

  #draw(percent: number, said: string, isLast: boolean): void {
    const now = performance.now();
    if (!isLast && now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#isOpen = true;
    const full = Math.round((CELLS * percent) / 100);
    // To the start of the line, and what was there is erased.
    this.#screen.write(`\r\u001b[K  [${'#'.repeat(full)}${'.'.repeat(CELLS - full)}] ${said}`);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}
