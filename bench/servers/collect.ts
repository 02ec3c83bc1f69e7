/** Collects garbage when the benchmark asks for it; needs `--expose-gc`. Loaded before the program with `--import`. */
process.on('message', (asked) => {
  if (asked !== 'collect') return;
  globalThis.gc?.();
  process.send?.('collected');
});
