import { booleanIn, InvalidValue } from '../language/index.ts'
import { mustBe, type SettingType } from './setting-type.ts'

const TRUE = ['true', 't', 'yes', 'y', '1']
const FALSE = ['false', 'f', 'no', 'n', '0']

export const boolean: SettingType<boolean> = {
  description: '`true` or `false`',

  fromText(text, source) {
    const word = text.trim().toLowerCase()
    if (TRUE.includes(word)) return true
    if (FALSE.includes(word)) return false
    // Vaultwarden takes anything else as unset, and data folders move here with their variables.
    source.warn(`${source.name} is ${JSON.stringify(text)}, which is neither true nor false, and has no effect`)
    return undefined
  },

  fromConfig: (value) => booleanIn(value),

  fromProgram(value, source) {
    if (typeof value !== 'boolean') throw new InvalidValue(mustBe(source, 'true or false', value))
    return value
  },
}
