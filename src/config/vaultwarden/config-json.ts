import { join, resolve } from 'node:path'
import { ConfigError } from '#kit'
import { InvalidValue, readTextFile } from '../language/index.ts'
import type { Variables } from '../variables.ts'

export interface ConfigJsonPlace {
  /** Absolute. */
  readonly dataFolder: string
  /** What `CONFIG_FILE` says. */
  readonly named: string | undefined
  /** What relative paths start from. */
  readonly cwd: string
}

/**
 * Opens what Vaultwarden's admin panel saved. Vaultwarden goes on without the file when there is something wrong with
 * it; but then a server that the panel closed would be open.
 * @throws ConfigError when it cannot be read or is no JSON object, or when `CONFIG_FILE` names one that is not there.
 */
export function openConfigJson({ dataFolder, named, cwd }: ConfigJsonPlace): ConfigJson {
  const file = named === undefined ? join(dataFolder, 'config.json') : resolve(cwd, named)
  let text: string
  try {
    text = readTextFile(file, file)
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    // The latter: the data folder is a file, which who needs the folder says.
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR'
    if (isAbsent && named === undefined) return new ConfigJson(file, {})
    throw new ConfigError(`${named === undefined ? '' : 'CONFIG_FILE: '}${(error as Error).message}`, { cause: error })
  }
  return new ConfigJson(file, objectIn(text, file))
}

/** Vaultwarden's saved settings: the names of the variables in lower case. */
export class ConfigJson implements Variables {
  readonly isStrict = true
  readonly file: string
  readonly #values: Readonly<Record<string, unknown>>

  constructor(file: string, values: Readonly<Record<string, unknown>>) {
    this.file = file
    this.#values = values
  }

  /** Everything that is there and not `null`. */
  get keys(): string[] {
    return Object.keys(this.#values).filter((key) => this.#values[key] !== null)
  }

  textOf(variable: string): string | undefined {
    return isSaved(variable) ? this.#textOf(variable) : undefined
  }

  keyOf(variable: string): string {
    return variable.toLowerCase()
  }

  nameOf(variable: string): string {
    return `${this.file}: ${this.keyOf(variable)}`
  }

  /**
   * The panel never writes `data_folder`. By hand it can be written, and Vaultwarden then keeps its database elsewhere
   * than beside this file: too confusing to follow, too dangerous to pass over, as sign-up on an empty database would be open.
   * @throws InvalidValue
   */
  checkDataFolder(dataFolder: string, cwd: string): void {
    const text = this.#textOf('DATA_FOLDER')
    if (!text || resolve(cwd, text) === dataFolder) return
    const place = `${this.nameOf('DATA_FOLDER')} is ${JSON.stringify(text)}`
    throw new InvalidValue(`${place}, but the data folder is ${JSON.stringify(dataFolder)}: set DATA_FOLDER instead`)
  }

  #textOf(variable: string): string | undefined {
    const key = this.keyOf(variable)
    const value = Object.hasOwn(this.#values, key) ? this.#values[key] : null
    switch (typeof value) {
      case 'string':
        return value
      case 'number':
      case 'boolean':
        return String(value)
    }
    if (value === null) return undefined
    throw new InvalidValue(`${this.nameOf(variable)} must be a text, a number, true, false or null`)
  }
}

/** Rocket and the system read their variables from the environment only, and so do we ours and those of the official server. */
export function isSaved(variable: string): boolean {
  return variable !== 'DATA_FOLDER' && variable !== 'TZ' && !/^(?:ROCKET_|BELFRY_|globalSettings__)/.test(variable)
}

function objectIn(text: string, file: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own words quote what stands there, and that may be a password.
    throw new ConfigError(`${file}: is not valid JSON`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ConfigError(`${file}: must hold a JSON object`)
}
