// Plain JavaScript that old releases can parse: an older Node would fail on TypeScript with a stack trace instead.
const NEEDED_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED_MAJOR) {
  process.stderr.write(
    `Roomscribe needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}. ` +
      'Run it through npm (npm start), which brings its own.\n',
  );
  process.exit(1);
}
