import { createSubscriber } from 'svelte/reactivity'

/**
 * A value that pages follow: what reads `value` in a component, `$derived` or `$effect` is run again when it changes.
 * Whatever is no page listens. It needs no compiler, so that what is built on it runs in Node as it is.
 */
export class Cell<T> {
  readonly #listeners = new Set<(value: T) => void>()
  readonly #follow: () => void
  #value: T

  constructor(value: T) {
    this.#value = value
    this.#follow = createSubscriber((update) => this.listen(update))
  }

  get value(): T {
    this.#follow()
    return this.#value
  }

  /** Nobody is told when it is the same one. */
  set value(value: T) {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) listener(value)
  }

  /** Is told of each change from now on. What is returned ends that. */
  listen(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
