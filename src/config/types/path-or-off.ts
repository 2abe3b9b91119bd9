import { InvalidValue } from '../language/index.ts'
import { mustBe, type SettingType } from './setting-type.ts'
import { path } from './text.ts'

const file = path()

/** A path, or `false` for none. */
export const pathOrOff: SettingType<string | false> = {
  description: 'path, or `false`',
  fromText: (text, source) => (/^false$/i.test(text) ? false : file.fromText(text, source)),
  fromConfig(value, source) {
    if (value.kind === 'boolean' && !value.value) return false
    return file.fromConfig(value, source)
  },
  fromProgram(value, source) {
    if (value === false) return false
    if (typeof value !== 'string') throw new InvalidValue(mustBe(source, 'a path or false', value))
    return file.fromProgram(value, source)
  },
}
