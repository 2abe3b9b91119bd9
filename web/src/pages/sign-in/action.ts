import { Action } from '../action.ts'
import { signInErrorText } from './error-text.ts'

/** What a form does on the pages where one signs in. */
export const signInAction = (): Action => new Action(signInErrorText)
