import type { Position } from './position.ts'

/** A parsed value with its place: where it begins or, of an array or a map, as nats-server has it, where it has ended. */
export type ConfigValue =
  | ConfigString
  | ConfigInteger
  | ConfigFloat
  | ConfigBoolean
  | ConfigDate
  | ConfigArray
  | ConfigMap

export interface ConfigString extends Node {
  readonly kind: 'string'
  readonly value: string
}

export interface ConfigInteger extends Node {
  readonly kind: 'integer'
  /** Any int64, size suffix already applied. */
  readonly value: bigint
}

export interface ConfigFloat extends Node {
  readonly kind: 'float'
  readonly value: number
}

export interface ConfigBoolean extends Node {
  readonly kind: 'boolean'
  readonly value: boolean
}

export interface ConfigDate extends Node {
  readonly kind: 'date'
  readonly value: Date
}

export interface ConfigArray extends Node {
  readonly kind: 'array'
  readonly items: readonly ConfigValue[]
}

export interface ConfigMap extends Node {
  readonly kind: 'map'
  /** By key as written, in the order of the file; of a key that came twice only the last. */
  readonly entries: ReadonlyMap<string, ConfigEntry>
}

export interface ConfigEntry {
  /** As written; option names are compared after lower-casing. */
  readonly key: string
  readonly keyPosition: Position
  readonly value: ConfigValue
  /** Where the same key stood before, with a value that this one has taken the place of. */
  readonly earlier?: Position | undefined
  /** Some `$key` refers to it. Such a key may have any name: it need not be an option. Set while parsing. */
  isUsedAsVariable: boolean
}

interface Node {
  readonly position: Position
}
