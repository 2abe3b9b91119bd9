import type { SettingType } from '../types/setting-type.ts'

/** One thing an operator can set, with all that is known about it. */
export interface Setting<T, Given = T> {
  readonly type: SettingType<T, Given>
  readonly default: T
  /** How the documentation words a default that depends on something. */
  readonly defaultText?: string
  /** Its place in the config file: `key`, or `block.key`. Without one only a key that is short for several sets it. */
  readonly key?: string
  /** Other names of the key, all in the same block. */
  readonly aliases?: readonly string[]
  /** Its environment variable: one of Vaultwarden's, else one of ours, which begins with `BELFRY_`. */
  readonly variable?: string
  /** What an empty variable sets. Without it that counts as none: compose files pass variables on that nobody set. */
  readonly whenEmpty?: T
  /** What it does, in whole sentences. */
  readonly help: string
}

/** A helper for inference only: keeps `T` as wide as the type of the setting, not as narrow as its default. */
export function setting<T>(setting: Setting<T>): Setting<T> {
  return setting
}

/** A setting without a default. */
export function optional<T, Given = T>(setting: Omit<Setting<T, Given>, 'default'>): Setting<T | undefined, Given> {
  return { ...setting, type: setting.type as SettingType<T | undefined, Given>, default: undefined }
}

/** A setting whose value is a `T`, whatever a program may write for it. */
export type SettingOf<T> = Setting<T, never>
