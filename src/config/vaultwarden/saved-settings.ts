import { EnvironmentVariables, withEnvFile } from '../environment.ts'
import { type Environment, Problems } from '../language/index.ts'
import { allSettings } from '../settings/schema.ts'
import { path } from '../types/text.ts'
import { readVariable } from '../variables.ts'
import { isSaved, openConfigJson } from './config-json.ts'
import { PROTECTIONS } from './protections.ts'
import { UNSUPPORTED } from './unsupported.ts'

/** The keys of a `config.json`, by what becomes of them. What is `null` is as good as not there. */
export interface SavedSettings {
  /** Absolute. */
  readonly file: string
  readonly read: readonly string[]
  readonly withoutEffect: readonly string[]
  /** Of which even Vaultwarden knows nothing. */
  readonly unknown: readonly string[]
}

/** Written by Vaultwarden and worked out by it again at each start. */
const WORKED_OUT = [
  'domain_set',
  'domain_origin',
  'domain_path',
  'sso_callback_path',
  '_ip_header_enabled',
  '_icon_service_url',
  '_icon_service_csp',
  '_max_note_size',
  '_smtp_img_src',
  '_duo_akey',
  '_enable_duo',
]

export interface SavedSettingsPlace {
  /** Absolute. */
  readonly dataFolder: string
  readonly env: Environment
  readonly cwd: string
}

/** Sorts what Vaultwarden's admin panel saved. Throws as `loadOptions` for a file that cannot be read. */
export function readSavedSettings({ dataFolder, env, cwd }: SavedSettingsPlace): SavedSettings {
  const variables = new EnvironmentVariables(withEnvFile(env, cwd), cwd)
  const named = readVariable(path(), 'CONFIG_FILE', variables, new Problems())
  const configJson = openConfigJson({ dataFolder, named, cwd })
  const saved = allSettings.flatMap(({ setting }) => setting.variable ?? []).filter(isSaved)
  const read = new Set(['data_folder', ...saved.map((variable) => configJson.keyOf(variable))])
  const lacking = [...Object.keys(PROTECTIONS), ...UNSUPPORTED.flatMap(({ defaults }) => Object.keys(defaults))]
  const withoutEffect = new Set([...WORKED_OUT, ...lacking.map((variable) => configJson.keyOf(variable))])
  const { keys, file } = configJson
  return {
    file,
    read: keys.filter((key) => read.has(key)),
    withoutEffect: keys.filter((key) => withoutEffect.has(key)),
    unknown: keys.filter((key) => !read.has(key) && !withoutEffect.has(key)),
  }
}
