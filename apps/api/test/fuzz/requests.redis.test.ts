import { testRequests } from './fuzz-requests.ts'

testRequests({ perRoute: 20, perOpenRoute: 6, someAreRefused: false })
