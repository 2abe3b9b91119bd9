export { type PassedSecondFactor, passSecondFactor, type SecondFactorLogin } from './login.ts'
