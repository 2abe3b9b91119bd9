/**
 * Where a server is that runs with these settings, and nothing else of them. The rest of this room is not loaded for it,
 * nor what that needs: a health check runs every few seconds, and is to be over before it is noticed. So this module is a
 * face of the room beside `index.ts`, `#config/whereabouts`.
 */
import { resolve } from 'node:path'
import { ConfigError } from '#kit'
import { controlSocketPath } from './control-socket-path.ts'
import { EnvironmentVariables, withEnvFile } from './environment.ts'
import {
  type ConfigEntry,
  type ConfigMap,
  type Environment,
  type Fields,
  mapIn,
  Problems,
  parseConfigFile,
  readMap,
} from './language/index.ts'
import { controlSettings } from './settings/control.ts'
import { placeSettings } from './settings/place.ts'
import type { AnySetting } from './settings/schema.ts'
import { webSettings } from './settings/web.ts'
import { listenIn } from './types/address.ts'
import type { Surroundings } from './types/setting-type.ts'
import { path } from './types/text.ts'
import { chooseFrom, Values } from './values.ts'
import { readVariable, readVariables, reportInvalid } from './variables.ts'
import { openConfigJson } from './vaultwarden/config-json.ts'

/** How a running server is found. */
export interface Whereabouts {
  readonly web: WebAddress
  /** An absolute path; `undefined`: it has none. */
  readonly controlSocket: string | undefined
}

/** Where requests for the vault go. */
export interface WebAddress {
  /** As it is listened on: `0.0.0.0` and `::` are every address of this machine. */
  readonly host: string
  /** 0: any free one, which only the running server knows. */
  readonly port: number
  readonly isTls: boolean
  /** What stands in front of all paths: '' or a path such as `/vault`. */
  readonly basePath: string
}

export interface SettingsPlaces {
  /** In the NATS config language; relative to `cwd`. */
  readonly configFile?: string | undefined
  readonly env: Environment
  /** What relative paths start from, and where `.env` is looked for. */
  readonly cwd: string
}

const { host, port, tls } = webSettings
const { dataFolder, domain } = placeSettings
const SETTINGS: readonly AnySetting[] = [host, port, tls, dataFolder, domain, controlSettings.socket]

/**
 * As `loadOptions`, from the same places in the same order. What is wrong with other settings is not seen.
 * @throws ConfigError
 */
export function loadWhereabouts({ configFile, env, cwd }: SettingsPlaces): Whereabouts {
  const problems = new Problems()
  const environment = withEnvFile(env, cwd)
  const variables = new EnvironmentVariables(environment, cwd)
  const fromFile =
    configFile === undefined
      ? new Values()
      : valuesIn(parseConfigFile(configFile, { environment, cwd }), problems, { cwd, accounts: [], environment })
  const fromEnvironment = readVariables(SETTINGS, variables, problems)
  const named = reportInvalid(problems, () => readVariable(path(), 'CONFIG_FILE', variables, problems))
  throwErrors(problems)

  const folder = resolve(cwd, chooseFrom([fromFile, fromEnvironment])(dataFolder))
  const configJson = openConfigJson({ dataFolder: folder, named, cwd })
  const fromConfigJson = readVariables([domain], configJson, problems)
  throwErrors(problems)

  const choose = chooseFrom([fromFile, fromConfigJson, fromEnvironment])
  return {
    web: {
      host: choose(host),
      port: choose(port),
      isTls: choose(tls) !== undefined,
      basePath: new URL(choose(domain) ?? 'http://localhost').pathname.replace(/\/+$/, ''),
    },
    controlSocket: controlSocketPath(choose(controlSettings.socket), { cwd, dataFolder: folder }),
  }
}

/** Those of the settings that the file has. Whether it has others, and whether those are right, is not looked at. */
function valuesIn(file: ConfigMap, problems: Problems, surroundings: Surroundings): Values {
  const values = new Values()
  const fieldsOf = (block: string): Fields => {
    const fields: Record<string, (entry: ConfigEntry) => void> = {}
    for (const setting of SETTINGS) {
      for (const key of [setting.key ?? [], setting.aliases ?? []].flat()) {
        const [of, name] = key.includes('.') ? key.split('.') : ['', key]
        if (of === block) fields[name!] = (entry) => read(entry, setting)
      }
    }
    return fields
  }
  const read = ({ key, keyPosition: position, value }: ConfigEntry, setting: AnySetting) => {
    const source = { name: key, position, problems, surroundings, warn() {} }
    values.set(setting, setting.type.fromConfig(value, source), position)
  }
  const listen = (entry: ConfigEntry) => {
    const address = listenIn(entry.value, { name: entry.key, warn() {} })
    values.set<string>(host, address.host)
    values.set<number>(port, address.port)
  }
  const readBlock = (block: string, more: Fields = {}) => ({
    [block]: ({ value }: ConfigEntry) => readKnown(mapIn(value), { ...fieldsOf(block), ...more }, problems),
  })
  readKnown(file, { ...fieldsOf(''), ...readBlock('web', { listen }), ...readBlock('vault') }, problems)
  return values
}

/** As `readMap`, which is not shown what it does not know. */
function readKnown(map: ConfigMap, fields: Fields, problems: Problems): void {
  const known = [...map.entries].filter(([key]) => Object.hasOwn(fields, key.toLowerCase()))
  readMap({ ...map, entries: new Map(known) }, fields, problems)
}

function throwErrors({ errors }: Problems): void {
  if (errors.length > 0) throw new ConfigError(errors.join('\n'))
}
