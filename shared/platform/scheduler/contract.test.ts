import { startTestCloud } from '../push/embedded-test-cloud.ts'
import { describeScheduler } from './contract.ts'

describeScheduler('embedded', startTestCloud)
