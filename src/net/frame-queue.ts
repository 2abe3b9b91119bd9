import { LateFrames } from './websocket-framing.ts'

/**
 * Keeps a connection's frames in order while some of them are still being deflated: what comes behind those waits too.
 * Bounded by whoever fills it, who can see `byteLength`.
 */
export class FrameQueue {
  readonly #write: (frames: Buffer) => void
  #waiting: (Buffer | LateFrames)[] = []
  #byteLength = 0

  /** `write` gets frames when it is their turn. */
  constructor(write: (frames: Buffer) => void) {
    this.#write = write
  }

  /** Bytes that wait, uncompressed as they may be. */
  get byteLength(): number {
    return this.#byteLength
  }

  push(frames: Buffer | LateFrames): void {
    this.#waiting.push(frames)
    this.#byteLength += frames.byteLength
    // Each is waited for from the beginning, wherever it stands: what nobody waits for is not deflated.
    if (frames instanceof LateFrames && !frames.isReady) frames.wait(this.#advance)
    else if (this.#waiting.length === 1) this.#advance()
  }

  /** Lets everything go now, what is not deflated yet as it is. */
  settle(): void {
    const waiting = this.#takeAll()
    for (const frames of waiting) this.#write(frames instanceof LateFrames ? frames.frames : frames)
  }

  /** Forgets what waits. */
  drop(): void {
    this.#takeAll()
  }

  /** As far as it gets: up to frames that are not ready. */
  readonly #advance = (): void => {
    let gone = 0
    for (const frames of this.#waiting) {
      if (frames instanceof LateFrames && !frames.isReady) break
      gone++
      this.#byteLength -= frames.byteLength
      this.#write(frames instanceof LateFrames ? frames.frames : frames)
    }
    this.#waiting = this.#waiting.slice(gone)
  }

  #takeAll(): (Buffer | LateFrames)[] {
    const waiting = this.#waiting
    for (const frames of waiting) if (frames instanceof LateFrames) frames.forget(this.#advance)
    this.#waiting = []
    this.#byteLength = 0
    return waiting
  }
}
