import { startTestCloud } from '../push/embedded-test-cloud.ts'
import { describeBus } from './contract.ts'

describeBus('embedded', startTestCloud)
