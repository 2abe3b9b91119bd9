/**
 * The images that templates show, by the names that Vaultwarden gives them: an operator's own header asks for both. Drawn
 * for Belfry: a bell with the name beside it (190 × 39), and a bell alone (30 × 30). They are read from no file, so that
 * there is none to be lost.
 */
export const IMAGES: Readonly<Record<string, Buffer>> = {
  'logo-gray.png': Buffer.from(
    [
      'iVBORw0KGgoAAAANSUhEUgAAAL4AAAAnCAYAAACxHfIWAAAHv0lEQVR4nOyca2wVRRTHT0tb2yooDwElAQUxImgIIqAYQBJeQgQM',
      'PhKRREj6QSnhUQq0IAWCtBQoSICkBCUa4AMEsMQIogIBDQhpCvgiBIsmPEQMCWhrSh/+Tru32S6379vu3Nz5JZPZnZ3dOzv7nzNn',
      'ZnZvtFgsEUi0WCwRiBW+JSKxwrdEJFb4lojECt8SkVjhWyKSGAkz5s+f/2Z0dPRy3a6oqFi0evXqvWKxNJKws/iIPofoSQ1RUVE5',
      'YrE0gSgJI9LS0rqUlZVdd6ex32XNmjU3pAXIyMiIKS4uvltPttv0PLeIb9EQ84nXZ2VlnZcWZsGCBcOIjrnTKMcyesCMYPkXLlw4',
      'sry8/H3K2I/droR2rvOOcd4IiSDCwuLzkCcSDiHyq95jbdq0uZaamnoQF+gV8Yd2iKkHoT/b0wnnKOt+McioUD+LEPc3lPE1qeot',
      '20mEY7zwEdE6IhXSaAle3mge6BhcoC/Iu0LMYCJiWyUGkJ6e3o1opVhqYPTgFvFkEs1pxCmLOaeIbrulRbeGUOJs9yGMJDzozkBj',
      'nJdRxX/iI6WlpQMpi7f32Ur6yrVr1/4uEYqxwsd6v6iRNJ4V8+bN+5yH+rO0ELgNy2lcdwL7KSkpnXG5LrH5gCtbTFFRkbo/J8Vf',
      'HvUm4OsfiWTRKyZb/CZZbYwbGmyzjM3XpZXQwTU9zVl+e6g7nQbSQ+oQPg3mcco6k80+5H2CuDvXuEJ8gXAeq5yNQG9KE6A8R7nW',
      '8GDHcAt3Ylh2BvbJ925mZuZ2xknDOXbUk305g/WlDI6fo4yz2VeD9BjbR4jLOXeUK29RSUlJp5ycnGLvbyYnJ7dLTEz8i824QBrX',
      '2I8BmSw+YKSPzwPoRTRMms5kHnxbaUUQwMPeNEQUtNdB8PcjvGxE/yu7cwnjOL834T62e+o+IZXjF7mP98TngTJlTaOXOM3mVKd8',
      'lbqhvJs8WRPj4uKmBrsGop8kLtE7528XnzBS+AhmqDQDtfpEg6SVQBipUjVbUg3WrKCWac0o7u8QcYp4hHBPxqioh1RciH+p+Ic2',
      'wpVBxgnC/eURXXGncd/Ta7nOFE++mwkJCQfEJ0yd1ekqzYSK7SUtBBq4jdgrAoGkLE+Wa4S3gp2LiFO9LhF8hUUdgRDaEg+j7Bc9',
      'v7cInpJGwDXmOm7IhiDHVMijAsFpiLXxvHOO3ucfhLNs3nUagqZt9pR1iLesDPATicZ48u0gvVx8wkgfn4pNCGJgGgUPs7P4g872',
      'rKBrvxjsoM72uPe513PkHY8ISp2k4wzOR+HmXHBcHyWOBqFjgZnSQLKzs3UxTXuj3kHK8CM+/dfSQCjjVcJ4/PEC3Vd/PT4+Xsck',
      'OmuUGxMToz1Sde9FWZOkyoWrhEH+ZH7T27ttFR8x0uJTSYnSTHhQzb5GE9EHvJkV38OIOd59gLGLirDGWIBybneJvhKdcaEOvvXk',
      'e0F8gt9+g4ZUENjfuHHj7UDD0sE3x3d7TpnGPbm15XVz8nGTfhIfMXVWJxQD0/ul5aiex+chdiAa5Kzcuh/2SMS/hDg9kECel7wX',
      'omda5yzS1cczSUlJsbm5ufW9QhFSuL+TiPy7uvJwDxvI97YrqSNWXleJ96ibQz2MdeenHj4VnzFV+N2lmVC53aSF8M7jK7juk/jN',
      'fZ582uWnu5KelSbCtWPbt2+v/vb30orwu/W+d4TbdJr7zyfvAFfyDMIeRP8qcXXPp+MDGorvwjd1cDtEmgkV3F9aERqCvlZR4k5D',
      'CJ1wb9wD9WYtGoXCBWws1OP1huRDzDWmNinraAa56tZN8WQ9QEO5JT5jnMXHcgwk6ijNhIrvxaJLTyr5N2k97pml0IG6a/ce60k5',
      'Z1DGj8VQKF9FQ/Ix2N2Je5NN/g5OUjSD3FnE4935qI9PxABMtPghm7Om4hdLK0Ej0xXIGoNZHvIdVnULA/tYxXzvefqqsPruUgf0',
      'GmMxCO+Iweg7SUEWpHR9w+3m3Lh8+fKXYgBGWXwGedOIJkiI0KV4BLMLN+SwhBCu+wFlrXZreKCPIOCp3ilYr3+sXTzlySU9yZVn',
      'AL77ca63nu0fmB78MzY2th/X7EsYQJigrz0T63z5Z2IwlP0jpmHnuBa7vCu1O3bv3l0mBmCMxWfu+mmiLRJ6djqvQIQSXXVNCwRt',
      'YDr4dGdAqMU0hlTviYWFhfoKwmlP8mDCLs65hHD+4byTbG8jTT8c6SFhgvPiW12LYdvEEIyx+M7blC05BdlqINpfiJKDTQOqxUtJ',
      'SXkZgS+UqgYU34DrVdAArkkYQFE3UdaxQdLP0PP6OnfvJuw+NjcNZ/leLZ2u1OpLZ3t5wCfqOge//1+iJbg9Wzg3Ware6dc3HvU7',
      '4gTiMr2mruqSnkcjyVu1atXfEgbQ2PWDIH1/p8Z0sglz927C5ptbRDK7to/LEcgcxLZeLEaA8HVSwf01XAnPrqsJ05gBwsbiU3Fn',
      'mnLM4gs1xlQYpn1ZWVnGiF4Jm78XoeJOUIF53nRN02Ni8R0sfV/nFepp7nSeUaYYRlj9vYjCauDgsrKyyldlsfQFVvT+g9g38Cxm',
      'BTuG6A/iho4Twwi7wS2DvFNEp8QSDuiq+QwxEPvfmZaQousXznTuh4QBWPurYiBh5+pYLKHAWnxLRGKFb4lIrPAtEcn/AAAA//+p',
      'HqdAAAAABklEQVQDABAF/tzl6qzWAAAAAElFTkSuQmCC',
    ].join(''),
    'base64',
  ),
  'mail-github.png': Buffer.from(
    [
      'iVBORw0KGgoAAAANSUhEUgAAAB4AAAAeCAYAAAA7MK6iAAABrklEQVR4nOyXv0vDQBTHXxLBDGIdRDtZBHXQRRAEh4JjlyI4FBQE',
      'N1OKjoJbFsG5S39CFgXJJDgoiIODf4oGB8mig4EkfqNLwXiXexWD4AeOF+4e9713eZd30SkndMqJvyfc6/WmW63WFDFhCXc6nXoU',
      'RQ+6rj9CfJcYcCPeRDOSBvEtYqCpOLfb7QqMhVbVNO1j0XEcRzAXybBlWTdZ58okjK0tQOAcYhWRH3wuwzDcbjQaLyRButWO45gw',
      '9zLRBPhUDcO4tW17ROYrFQ6CYB9miTIC8dVisbgj8xMKN5vNUZhDUudI5iAUNk1zBWaSFEHU8/1+v0RcYSTKAjHBOV8UjQuTAGd0',
      'jJggw2eIKwzYwqAgGhRuNVY9QXyEixZGjCSZIz6zosFvI0a0GlqZ+JRZwt1udx0Rs8seKGGOZVIVRrTHNCQ4UjapCKMKnSDaNRoS',
      'zLGBAnOQNpaaXDi/V/h4XNMPAPEotZ9yQlq+BnFd1/B9/40+bx+DvHqeN45yGGWdS+nqU6vVQiTdl1sG+u5URJWFE/DO9iB0hscn',
      '2GfYU/TVSZHc3vH/n8Sv8Q4AAP//HbHeJgAAAAZJREFUAwCIYoD/w12dMgAAAABJRU5ErkJggg==',
    ].join(''),
    'base64',
  ),
}
