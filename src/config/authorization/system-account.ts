import { InvalidValue } from '../language/index.ts'
import type { SettingType } from '../types/setting-type.ts'
import { plainText } from '../types/text.ts'

export const systemAccount: SettingType<string> = {
  ...plainText('name of an account'),
  fromConfig(value) {
    if (value.kind !== 'string') throw new InvalidValue('system account name must be a string')
    return value.value || undefined
  },
}
