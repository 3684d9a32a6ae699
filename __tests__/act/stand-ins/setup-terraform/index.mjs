import assert from 'node:assert'

// The wrapper would copy everything that Terraform prints to outputs.
assert.equal(process.env['INPUT_TERRAFORM_WRAPPER'], 'false')
