/** Takes out of the environment what changes how the code under test speaks. */
delete process.env['RUNNER_DEBUG']
