/** What is measured within a page. Milliseconds. */
export interface Timing {
  /** Until the frame in which the list has all its items. */
  readonly shownMs: number
  /** Until the page has answered for half a second to whatever it was asked: no task since then took 50 ms. */
  readonly interactiveMs: number
  /** For how long at most it did not answer meanwhile. */
  readonly heldMs: number
}

/**
 * A script for the page, which makes `watch` there: `begin(size)` waits for the key that is pressed next, `ended()` resolves
 * with a `Timing`, and `filtered(count)` with the time from the next input until the list has so many items.
 */
export const WATCH = `globalThis.watch = (() => {
  const QUIET_MS = 500
  const holds = []
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) holds.push({ from: startTime, to: startTime + duration })
  }).observe({ type: 'longtask' })
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const next = (event) => new Promise((resolve) => addEventListener(event, () => resolve(performance.now()), { once: true, capture: true }))
  const isShown = (count) => count === 0
    ? document.querySelector('[type="search"]') !== null
    : document.querySelector('[aria-setsize="' + count + '"]') !== null
  const shown = async (count) => {
    while (!isShown(count)) await frame()
    // The frame after it has been painted.
    await frame()
    await frame()
    return performance.now()
  }
  let ended
  async function measure(size) {
    const from = await next('keydown')
    const at = await shown(size)
    let interactive = at
    while (performance.now() < interactive + QUIET_MS) {
      await frame()
      for (const { to } of holds) if (to > interactive) interactive = to
    }
    const during = holds.filter(({ to }) => to > from).map((hold) => hold.to - hold.from)
    return { shownMs: at - from, interactiveMs: interactive - from, heldMs: Math.max(0, ...during) }
  }
  return {
    begin(size) { ended = measure(size) },
    ended: () => ended,
    async filtered(count) {
      const from = await next('input')
      return (await shown(count)) - from
    },
  }
})()`
