import { resolve } from 'node:path'
import { ConfigError } from '#kit'
import { VAULT_ACCOUNT_DEFINITION } from '#notify'
import { assemble } from './assemble.ts'
import { assembleNats } from './assemble-nats.ts'
import { readConfigFile } from './config-file.ts'
import { EnvironmentVariables, withEnvFile } from './environment.ts'
import { type GivenSetting, givenSettings } from './given-settings.ts'
import { configDigest, type Environment, Problems, parseConfigFile } from './language/index.ts'
import { reportMisspelt } from './misspelt.ts'
import type { NatsServerOptions, Options } from './options.ts'
import { type Overrides, readOverrides } from './overrides.ts'
import { BLOCKS_OF_THE_VAULT } from './settings/blocks.ts'
import { type AnySetting, allSettings, schema } from './settings/schema.ts'
import { path } from './types/text.ts'
import { chooseFrom, Values } from './values.ts'
import { readVariable, readVariables, reportInvalid } from './variables.ts'
import { openConfigJson } from './vaultwarden/config-json.ts'
import { reportOverridden, reportUnsupported } from './vaultwarden/report.ts'

export interface LoadOptions {
  /** In the NATS config language; relative to `cwd`. */
  readonly configFile?: string | undefined
  /** `process.env`, or what stands for it. */
  readonly env: Environment
  /** What relative paths start from, and where `.env` is looked for. */
  readonly cwd: string
  /** What the command line or a program sets. */
  readonly overrides?: Overrides | undefined
}

export interface Loaded<Options> {
  readonly options: Options
  /** Lines for the operator: what works, but not as written. */
  readonly warnings: readonly string[]
}

/** The settings of a whole Belfry, with where each of them comes from. */
export interface LoadedOptions extends Loaded<Options> {
  readonly settings: readonly GivenSetting[]
}

/**
 * Reads the settings: command line over config file over Vaultwarden's `config.json` over environment over defaults.
 * @throws ConfigError whose message is everything that is wrong, one line each, warnings first.
 */
export function loadOptions({ configFile, env, cwd, overrides = {} }: LoadOptions): LoadedOptions {
  const problems = new Problems()
  const environment = withEnvFile(env, cwd)
  const surroundings = { cwd, accounts: [VAULT_ACCOUNT_DEFINITION], environment }
  const variables = new EnvironmentVariables(environment, cwd)
  const ours = [
    readOverrides(overrides, problems, surroundings),
    configFile === undefined
      ? new Values()
      : readConfigFile(parseConfigFile(configFile, { environment, cwd }), {
          problems,
          surroundings,
          settingsWithoutEffect: SETTINGS_OF_NATS_SERVER,
        }),
  ]
  const everySetting = allSettings.map(({ setting }) => setting)
  const fromEnvironment = readVariables(everySetting, variables, problems)
  reportMisspelt(environment, problems)
  const named = reportInvalid(problems, () => readVariable(path(), 'CONFIG_FILE', variables, problems))
  throwErrors(problems)

  // Where it lies is a setting as well, so this one comes after all others.
  const dataFolder = resolve(cwd, chooseFrom([...ours, fromEnvironment])(schema.vault.dataFolder))
  const configJson = openConfigJson({ dataFolder, named, cwd })
  reportInvalid(problems, () => configJson.checkDataFolder(dataFolder, cwd))
  const fromConfigJson = readVariables(everySetting, configJson, problems)
  reportOverridden(fromEnvironment, { by: fromConfigJson, file: configJson.file }, problems)
  reportUnsupported([configJson, variables], problems)
  throwErrors(problems)

  // Rules between settings are only worth checking when each is right by itself.
  const options = assemble(chooseFrom([...ours, fromConfigJson, fromEnvironment]), surroundings, problems)
  const settings = givenSettings([
    ...ours.map((values) => ({ values, nameOf: ({ key }: AnySetting) => key })),
    { values: fromConfigJson, nameOf: ({ variable = '' }) => configJson.nameOf(variable) },
    { values: fromEnvironment, nameOf: ({ variable }) => variable },
  ])
  return { ...loaded(options, problems), settings }
}

export interface LoadNatsOptions extends LoadOptions {
  /** What holds where nothing else is set, before the defaults of the settings themselves. */
  readonly defaults?: Overrides | undefined
}

export interface LoadedNatsOptions extends Loaded<NatsServerOptions> {
  /** That of the config file, as `configDigest` tells it. */
  readonly digest: string | undefined
}

/**
 * Reads the settings of a plain NATS server, as nats-server does: command line over config file over `defaults`. The
 * environment is asked only for the variables of the file, and only NATS, monitoring, log and process can be set.
 * @throws ConfigError as `loadOptions`.
 */
export function loadNatsOptions(from: LoadNatsOptions): LoadedNatsOptions {
  const { configFile, env, cwd, overrides = {}, defaults = {} } = from
  const problems = new Problems()
  const surroundings = { cwd, accounts: [], environment: env }
  const file = configFile === undefined ? undefined : parseConfigFile(configFile, { environment: env, cwd })
  const sources = [
    readOverrides(overrides, problems, surroundings),
    file === undefined
      ? new Values()
      : readConfigFile(file, {
          problems,
          surroundings,
          blocksWithoutEffect: BLOCKS_OF_THE_VAULT,
          settingsWithoutEffect: SETTINGS_OF_THE_VAULT,
        }),
    readOverrides(defaults, problems, surroundings),
  ]
  throwErrors(problems)
  const options = assembleNats(chooseFrom(sources), surroundings, problems)
  return { ...loaded(options, problems), digest: file && configDigest(file) }
}

/** Of the log that a whole Belfry writes. */
const LOG_OF_ALL: readonly AnySetting[] = [
  schema.log.level,
  schema.log.roomLevels,
  schema.log.requests,
  schema.log.debug,
]

/** What only the command `belfry nats-server` does: its log lines and its files. */
const SETTINGS_OF_NATS_SERVER: readonly AnySetting[] = [
  ...Object.values(schema.process),
  ...Object.values(schema.log).filter((setting) => !LOG_OF_ALL.includes(setting)),
]

/** What a plain NATS server has no use for, beside `BLOCKS_OF_THE_VAULT`. */
export const SETTINGS_OF_THE_VAULT: readonly AnySetting[] = [
  schema.apps.hubs,
  schema.log.roomLevels,
  schema.log.requests,
  ...Object.values(schema.control),
]

function loaded<Options>(options: Options, problems: Problems): Loaded<Options> {
  throwErrors(problems)
  return { options: freeze(options), warnings: [...problems.warnings, ...problems.remarks] }
}

function throwErrors({ errors, refusals, warnings }: Problems): void {
  const reasons = [...errors, ...refusals]
  if (reasons.length > 0) throw new ConfigError([...warnings, ...reasons].join('\n'))
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
  return value
}
