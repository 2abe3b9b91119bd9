import { InvalidValue } from '../language/index.ts'
import { mustBe, type SettingType } from '../types/setting-type.ts'

/** A value that is too deep for a variable of the environment. */
export function deepType<T, Given = T>(type: Omit<SettingType<T, Given>, 'fromText'>): SettingType<T, Given> {
  return {
    ...type,
    fromText(_text, source) {
      throw new InvalidValue(mustBe(source, 'set in the config file', '…'))
    },
  }
}
