/**
 * Texts with secrets under key paths. `<<a>>` is a random value, `<<a|form>>` one of a template form. What is expected of each value:
 * its key path, and behind a bar the entries that belong to it. A value that is not named there is no secret and must not be told.
 */
export interface StructuredText {
  readonly text: string;
  readonly expected: Readonly<Record<string, string>>;
}

export const documents: Readonly<Record<string, StructuredText>> = {
  "two profiles of AWS": {
    text: `[default]
aws_access_key_id = <<ida|gen:aws-akid>>
aws_secret_access_key = <<a|base64:40>>

[staging]
aws_access_key_id = <<idb|gen:aws-akid>>
aws_secret_access_key = <<b|base64:40>>
`,
    expected: {
      ida: "default.aws_access_key_id",
      a: "default.aws_secret_access_key | aws_access_key_id=<<ida>>",
      idb: "staging.aws_access_key_id",
      b: "staging.aws_secret_access_key | aws_access_key_id=<<idb>>",
    },
  },
  "profiles of AWS, secret first, one without an id": {
    text: `[one]
aws_secret_access_key = <<a|base64:40>>
[two]
aws_access_key_id = <<idb|gen:aws-akid>>
aws_secret_access_key = <<b|base64:40>>
`,
    expected: {
      a: "one.aws_secret_access_key",
      idb: "two.aws_access_key_id",
      b: "two.aws_secret_access_key | aws_access_key_id=<<idb>>",
    },
  },
  "database blocks in YAML": {
    text: `databases:
  primary:
    host: db1.corp.net
    username: alice
    password: <<a>>
  replica:
    password: <<b>>
    host: db2.corp.net
    username: bob
  archive:
    password: <<c>>
`,
    expected: {
      a: "databases.primary.password | username=alice, host=db1.corp.net",
      b: "databases.replica.password | username=bob, host=db2.corp.net",
      c: "databases.archive.password",
    },
  },
  "accounts in a JSON array": {
    text: `{
  "accounts": [
    { "login": "alice", "password": "<<a>>" },
    { "password": "<<b>>", "login": "bob" },
    { "password": "<<c>>" }
  ]
}
`,
    expected: {
      a: "accounts[0].password | login=alice",
      b: "accounts[1].password | login=bob",
      c: "accounts[2].password",
    },
  },
  "the same on one line": {
    text: `{"accounts":[{"login":"alice","password":"<<a>>"},{"password":"<<b>>","login":"bob"}]}`,
    expected: { a: "accounts[0].password | login=alice", b: "accounts[1].password | login=bob" },
  },
  "the state of Terraform": {
    text: `{
  "version": 4,
  "resources": [
    {
      "type": "aws_db_instance",
      "name": "main",
      "instances": [
        {
          "attributes": {
            "address": "main.abc.rds.amazonaws.com",
            "password": "<<a>>",
            "username": "postgres"
          }
        }
      ]
    },
    {
      "type": "aws_iam_access_key",
      "instances": [
        {
          "attributes": {
            "id": "<<idb|gen:aws-akid>>",
            "secret": "<<b|base64:40>>",
            "user": "deployer"
          }
        }
      ]
    }
  ]
}
`,
    expected: {
      a: "resources[0].instances[0].attributes.password | username=postgres, address=main.abc.rds.amazonaws.com",
      idb: "resources[1].instances[0].attributes.id | user=deployer",
      b: "resources[1].instances[0].attributes.secret | user=deployer, id=<<idb>>",
    },
  },
  netrc: {
    text: `machine api.corp.net login alice password <<a>>
machine git.corp.net
  login bob
  password <<b>>
default login carol password <<c>>
`,
    expected: {
      a: '["api.corp.net"].password | login=alice, machine=api.corp.net',
      b: '["git.corp.net"].password | login=bob, machine=git.corp.net',
      c: "default.password | login=carol",
    },
  },
  "compose with maps": {
    text: `services:
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: <<a>>
  cache:
    image: redis
    environment:
      REDIS_PASSWORD: "<<b>>"
`,
    expected: {
      a: "services.db.environment.POSTGRES_PASSWORD | POSTGRES_USER=app",
      b: "services.cache.environment.REDIS_PASSWORD",
    },
  },
  "compose with lists": {
    text: `services:
  db:
    environment:
      - MYSQL_USER=app
      - MYSQL_PASSWORD=<<a>>
  other:
    environment:
      - "SMTP_PASSWORD=<<b>>"
      - "SMTP_USER=mailer"
`,
    expected: {
      a: "services.db.environment.MYSQL_PASSWORD | MYSQL_USER=app",
      b: "services.other.environment.SMTP_PASSWORD | SMTP_USER=mailer",
    },
  },
  "users of a kubeconfig": {
    text: `apiVersion: v1
clusters:
- cluster:
    server: https://one.k8s.corp.net:6443
  name: one
kind: Config
users:
- name: alice
  user:
    username: alice-admin
    password: <<a>>
- name: bob
  user:
    token: <<b|alnum:40>>
`,
    expected: {
      a: "users[0].user.password | username=alice-admin",
      b: "users[1].user.token | name=bob",
    },
  },
  "a Kubernetes secret beside another": {
    text: `apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  username: app
  password: <<a>>
---
apiVersion: v1
kind: Secret
metadata:
  name: mail
stringData:
  smtp-password: <<b>>
`,
    expected: {
      a: "stringData.password | username=app",
      b: "stringData.smtp-password",
    },
  },
  "hosts of a docker config": {
    text: `{
  "auths": {
    "https://index.docker.io/v1/": {
      "username": "alice",
      "password": "<<a>>"
    },
    "registry.corp.net": {
      "password": "<<b>>",
      "username": "bob"
    }
  }
}
`,
    expected: {
      a: 'auths["https://index.docker.io/v1/"].password | username=alice',
      b: 'auths["registry.corp.net"].password | username=bob',
    },
  },
  "groups of an env file": {
    text: `DB_HOST=db.corp.net
DB_USER=app
DB_PASSWORD=<<a>>
SMTP_HOST=mail.corp.net
SMTP_USER=mailer
SMTP_PASSWORD=<<b>>
REDIS_PASSWORD=<<c>>
`,
    expected: {
      a: "DB_PASSWORD | DB_USER=app, DB_HOST=db.corp.net",
      b: "SMTP_PASSWORD | SMTP_USER=mailer, SMTP_HOST=mail.corp.net",
      c: "REDIS_PASSWORD",
    },
  },
  "an env file with passwords first": {
    text: `SMTP_PASSWORD=<<b>>
SMTP_USER=mailer
DB_PASSWORD=<<a>>
DB_USER=app
`,
    expected: { b: "SMTP_PASSWORD | SMTP_USER=mailer", a: "DB_PASSWORD | DB_USER=app" },
  },
  "app settings in XML": {
    text: `<configuration>
  <appSettings>
    <add key="MailUser" value="mailer" />
    <add key="MailPassword" value="<<a>>" />
    <add key="ApiSecret" value="<<b>>" />
  </appSettings>
</configuration>
`,
    expected: {
      a: "configuration.appSettings.MailPassword | MailUser=mailer",
      b: "configuration.appSettings.ApiSecret",
    },
  },
  "servers of Maven": {
    text: `<settings>
  <servers>
    <server>
      <id>releases</id>
      <username>alice</username>
      <password><<a>></password>
    </server>
    <server>
      <id>snapshots</id>
      <password><<b>></password>
      <username>bob</username>
    </server>
  </servers>
</settings>
`,
    expected: {
      a: "settings.servers.server.password | username=alice, id=releases",
      b: "settings.servers.server.password | username=bob, id=snapshots",
    },
  },
  "users of Tomcat": {
    text: `<tomcat-users>
  <user username="alice" password="<<a>>" roles="manager-gui"/>
  <user password="<<b>>" username="bob"/>
</tomcat-users>
`,
    expected: {
      a: "tomcat-users.user.password | username=alice",
      b: "tomcat-users.user.password | username=bob",
    },
  },
  "Java properties": {
    text: `spring.datasource.url=jdbc:postgresql://db.corp.net/app
spring.datasource.username=app
spring.datasource.password=<<a>>
spring.mail.username=mailer
spring.mail.password=<<b>>
`,
    expected: {
      a: "spring.datasource.password | spring.datasource.username=app, spring.datasource.url=jdbc:postgresql://db.corp.net",
      b: "spring.mail.password | spring.mail.username=mailer",
    },
  },
  "providers of HCL": {
    text: `provider "aws" {
  alias      = "prod"
  access_key = "<<ida|gen:aws-akid>>"
  secret_key = "<<a|base64:40>>"
}

provider "postgresql" {
  host     = "db.corp.net"
  username = "app"
  password = "<<b>>"
}
`,
    expected: {
      ida: "provider.aws.access_key",
      a: "provider.aws.secret_key | access_key=<<ida>>",
      b: "provider.postgresql.password | username=app, host=db.corp.net",
    },
  },
  "values of Helm": {
    text: `postgresql:
  auth:
    username: app
    password: <<a>>
    database: app
redis:
  auth:
    enabled: true
    password: <<b>>
ingress:
  host: {{ .Values.host | quote }}
`,
    expected: { a: "postgresql.auth.password | username=app", b: "redis.auth.password" },
  },
  "a notebook": {
    text: `{
 "cells": [
  {
   "cell_type": "code",
   "source": [
    "import psycopg2\\n",
    "user = \\"alice\\"\\n",
    "password = \\"<<a>>\\"\\n",
    "conn = psycopg2.connect(user=user)"
   ]
  }
 ]
}
`,
    expected: { a: "cells[0].source.password | user=alice" },
  },
  "jobs of a CI": {
    text: `jobs:
  build:
    env:
      DEPLOY_USER: alice
      DEPLOY_PASSWORD: <<a>>
  release:
    env:
      DEPLOY_PASSWORD: <<b>>
    steps:
      - run: make
      - name: push
        env:
          NPM_AUTH_TOKEN: <<c|alnum:36>>
        run: npm publish
`,
    expected: {
      a: "jobs.build.env.DEPLOY_PASSWORD | DEPLOY_USER=alice",
      b: "jobs.release.env.DEPLOY_PASSWORD",
      c: "jobs.release.steps[1].env.NPM_AUTH_TOKEN",
    },
  },
  "two clients in JavaScript": {
    text: `const primary = new Client({
  host: "db1.corp.net",
  user: "alice",
  password: "<<a>>",
});
const replica = new Client({ password: "<<b>>", user: "bob" });
`,
    expected: {
      a: "primary.password | user=alice, host=db1.corp.net",
      b: "replica.password | user=bob",
    },
  },
  "calls in Python": {
    text: `def open_all():
    one = psycopg2.connect(host="db1.corp.net", user="alice", password="<<a>>")
    two = psycopg2.connect(
        password="<<b>>",
        user="bob",
    )
`,
    expected: {
      a: "one.password | user=alice, host=db1.corp.net",
      b: "two.password | user=bob",
    },
  },
  "settings of Django": {
    text: `DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'USER': 'alice',
        'PASSWORD': '<<a>>',
        'HOST': 'db1.corp.net',
    },
    'logs': {
        'USER': 'bob',
        'PASSWORD': '<<b>>',
    },
}
`,
    expected: {
      a: "DATABASES.default.PASSWORD | USER=alice, HOST=db1.corp.net",
      b: "DATABASES.logs.PASSWORD | USER=bob",
    },
  },
  "structs in Go": {
    text: `package main

var stores = []Config{
	{User: "alice", Password: "<<a>>"},
	{Password: "<<b>>", User: "bob"},
}

func main() {
	opts := &redis.Options{
		Addr:     "cache.corp.net:6379",
		Password: "<<c>>",
	}
}
`,
    expected: {
      a: "stores[0].Password | User=alice",
      b: "stores[1].Password | User=bob",
      c: "opts.Password | Addr=cache.corp.net:6379",
    },
  },
  "setters in Java": {
    text: `class Setup {
    DataSource one() {
        HikariConfig config = new HikariConfig();
        config.setUsername("alice");
        config.setPassword("<<a>>");
        return new HikariDataSource(config);
    }
    DataSource two() {
        HikariConfig config = new HikariConfig();
        config.setPassword("<<b>>");
        config.setUsername("bob");
        return new HikariDataSource(config);
    }
}
`,
    expected: {
      a: "config.setPassword | config.setUsername=alice",
      b: "config.setPassword | config.setUsername=bob",
    },
  },
  "constants of a PHP program": {
    text: `<?php
define('DB_USER', 'wordpress');
define('DB_PASSWORD', '<<a>>');
define('DB_HOST', 'db.corp.net');
define('FTP_USER', 'upload');
define('FTP_PASS', '<<b>>');
`,
    expected: {
      a: "DB_PASSWORD | DB_USER=wordpress, DB_HOST=db.corp.net",
      b: "FTP_PASS | FTP_USER=upload",
    },
  },
  "connections of Laravel": {
    text: `return [
    'connections' => [
        'mysql' => [
            'username' => 'alice',
            'password' => '<<a>>',
        ],
        'pgsql' => [
            'password' => '<<b>>',
            'username' => 'bob',
        ],
    ],
];
`,
    expected: {
      a: "connections.mysql.password | username=alice",
      b: "connections.pgsql.password | username=bob",
    },
  },
  "a hash in Ruby": {
    text: `Mail.defaults do
  delivery_method :smtp, { address: "mail.corp.net", user_name: "alice", password: "<<a>>" }
end
CLIENT = { :login => "bob", :password => "<<b>>" }
`,
    expected: {
      a: "password | user_name=alice, address=mail.corp.net",
      b: "CLIENT.password | login=bob",
    },
  },
  "a struct in Rust": {
    text: `let config = DbConfig {
    user: "alice".to_string(),
    password: "<<a>>".to_string(),
};
const API_SECRET: &str = "<<b|alnum:32>>";
`,
    expected: { a: "config.password | user=alice", b: "API_SECRET" },
  },
  "an object initialiser in C#": {
    text: `var first = new NetworkCredential { UserName = "alice", Password = "<<a>>" };
var second = new NetworkCredential { Password = "<<b>>", UserName = "bob" };
`,
    expected: { a: "first.Password | UserName=alice", b: "second.Password | UserName=bob" },
  },
  "a connection string in JSON": {
    text: `{
  "ConnectionStrings": {
    "Main": "Server=db.corp.net;User Id=sa;Password=<<a>>;Encrypt=true",
    "Logs": "Server=logs.corp.net;Password=<<b>>;User Id=logger"
  }
}
`,
    expected: {
      a: "ConnectionStrings.Main.Password | User Id=sa, Server=db.corp.net",
      b: "ConnectionStrings.Logs.Password | User Id=logger, Server=logs.corp.net",
    },
  },
  "addresses with passwords": {
    text: `database:
  url: postgres://alice:<<a>>@db1.corp.net:5432/app
cache:
  url: "redis://:<<b>>@cache.corp.net:6379/0"
`,
    expected: {
      a: "database.url | user=alice, host=db1.corp.net:5432",
      b: "cache.url | host=cache.corp.net:6379",
    },
  },
  "JSON inside of JSON": {
    text: `{"name": "prod", "config": "{\\"username\\": \\"alice\\", \\"password\\": \\"<<a>>\\"}"}`,
    expected: { a: "config.password | username=alice" },
  },
  "the environment of a container": {
    text: `{
  "Config": {
    "Env": [
      "PATH=/usr/bin",
      "DB_USER=app",
      "DB_PASSWORD=<<a>>"
    ]
  }
}
`,
    expected: { a: "Config.Env.DB_PASSWORD | DB_USER=app" },
  },
  "environment pairs of Kubernetes": {
    text: `spec:
  containers:
    - name: web
      env:
        - name: DB_USER
          value: app
        - name: DB_PASSWORD
          value: <<a>>
        - name: SMTP_PASSWORD
          value: <<b>>
`,
    expected: {
      a: "spec.containers[0].env.DB_PASSWORD | DB_USER=app",
      b: "spec.containers[0].env.SMTP_PASSWORD",
    },
  },
  "environment pairs of ECS": {
    text: `{"containerDefinitions": [{"environment": [
  {"name": "DB_USER", "value": "app"},
  {"value": "<<a>>", "name": "DB_PASSWORD"}
]}]}
`,
    expected: { a: "containerDefinitions[0].environment.DB_PASSWORD | DB_USER=app" },
  },
  "a config map with files": {
    text: `kind: ConfigMap
data:
  application.yml: |
    spring:
      datasource:
        username: app
        password: <<a>>
  app.ini: |
    [mail]
    user = mailer
    password = <<b>>
`,
    expected: {
      a: 'data["application.yml"].spring.datasource.password | username=app',
      b: 'data["app.ini"].mail.password | user=mailer',
    },
  },
  "tables of TOML": {
    text: `[servers.alpha]
user = "alice"
password = "<<a>>"

[servers.beta]
password = "<<b>>"

[[accounts]]
user = "carol"
password = "<<c>>"

[[accounts]]
password = "<<d>>"
`,
    expected: {
      a: "servers.alpha.password | user=alice",
      b: "servers.beta.password",
      c: "accounts[0].password | user=carol",
      d: "accounts[1].password",
    },
  },
  "client ids and secrets": {
    text: `google:
  client_id: 1234-abc.apps.googleusercontent.com
  client_secret: <<a|alnum:24>>
github:
  client_secret: <<b|alnum:40>>
  client_id: shop-web
`,
    expected: {
      a: "google.client_secret | client_id=1234-abc.apps.googleusercontent.com",
      b: "github.client_secret | client_id=shop-web",
    },
  },
  "names of environments joined by prefix": {
    text: `TWILIO_ACCOUNT_SID=AC0123456789abcdef0123456789abcdef
TWILIO_AUTH_TOKEN=<<a|hex:32>>
GITHUB_CLIENT_ID=shop-web
GITHUB_CLIENT_SECRET=<<b|hex:40>>
`,
    expected: {
      a: "TWILIO_AUTH_TOKEN | TWILIO_ACCOUNT_SID=AC0123456789abcdef0123456789abcdef",
      b: "GITHUB_CLIENT_SECRET | GITHUB_CLIENT_ID=shop-web",
    },
  },
  "a property list": {
    text: `<dict>
  <key>Username</key>
  <string>alice</string>
  <key>Password</key>
  <string><<a>></string>
</dict>
`,
    expected: { a: "dict.Password | Username=alice" },
  },
  "strings of Android": {
    text: `<resources>
  <string name="app_name">Shop</string>
  <string name="shop_api_secret"><<a|alnum:32>></string>
</resources>
`,
    expected: { a: "resources.shop_api_secret" },
  },
  "groups that repeat in a flat file": {
    text: `username=alice
password=<<a>>
username=bob
password=<<b>>
`,
    expected: { a: "password | username=alice", b: "password | username=bob" },
  },
  "groups that repeat, password first": {
    text: `password=<<a>>
username=alice
password=<<b>>
username=bob
`,
    expected: { a: "password | username=alice", b: "password | username=bob" },
  },
  "a header in a call": {
    text: `fetch("https://api.corp.net/v1", {
  headers: { "X-Api-Key": "<<a|alnum:32>>" },
});
`,
    expected: { a: "fetch().headers.X-Api-Key" },
  },
  "assignments to members": {
    text: `config["db"]["password"] = "<<a>>"
config["db"]["user"] = "alice"
os.environ["SMTP_PASSWORD"] = "<<b>>"
`,
    expected: {
      a: "config.db.password | config.db.user=alice",
      b: "os.environ.SMTP_PASSWORD",
    },
  },
  "a variable of Terraform": {
    text: `variable "db_password" {
  type    = string
  default = "<<a>>"
}

variable "db_user" {
  default = "app"
}
`,
    expected: { a: "variable.db_password.default" },
  },
  "options of a command": {
    text: `#!/bin/sh
mysqldump --host db.corp.net --user backup --password=<<a>> app
curl --user deploy:<<b>> https://repo.corp.net/upload
`,
    expected: {
      a: "password | user=backup, host=db.corp.net",
      b: "user | user=deploy",
    },
  },
  "an export of a shell": {
    text: `export PGUSER=app
export PGPASSWORD='<<a>>'
export PGHOST=db.corp.net
`,
    expected: { a: "PGPASSWORD | PGUSER=app, PGHOST=db.corp.net" },
  },
  "a Dockerfile": {
    text: `FROM debian
ENV DB_USER=app DB_PASSWORD=<<a>>
ENV SMTP_PASSWORD <<b>>
`,
    expected: { a: "DB_PASSWORD | DB_USER=app", b: "SMTP_PASSWORD" },
  },
  "a class with constants": {
    text: `public class Settings {
    private static final String DB_USER = "app";
    private static final String DB_PASSWORD = "<<a>>";
}
`,
    expected: { a: "Settings.DB_PASSWORD | DB_USER=app" },
  },
  "tasks of Ansible": {
    text: `- hosts: db
  tasks:
    - name: create user
      postgresql_user:
        name: app
        login_user: postgres
        login_password: <<a>>
    - name: mail
      mail:
        host: mail.corp.net
        username: mailer
        password: '<<b>>'
`,
    expected: {
      a: "[0].tasks[0].postgresql_user.login_password | login_user=postgres",
      b: "[0].tasks[1].mail.password | username=mailer, host=mail.corp.net",
    },
  },
  "flow maps in YAML": {
    text: `users:
  - {name: alice, password: "<<a>>"}
  - {password: "<<b>>", name: bob}
`,
    expected: { a: "users[0].password | name=alice", b: "users[1].password | name=bob" },
  },
  "comments with apostrophes and brackets": {
    text: `# don't change (see the wiki
mail:
  # it's the relay's user [old
  user: mailer
  greeting: it's me (again
  password: <<a>>
`,
    expected: { a: "mail.password | user=mailer" },
  },
  "a key before a text of other secrets": {
    text: `user: alice
notes: >
  The password of the relay is kept elsewhere.
db:
  password: <<a>>
`,
    expected: { a: "db.password" },
  },
  "a map of secrets": {
    text: `secrets:
  production:
    billing: <<a|alnum:32>>
    mailer: "<<b|alnum:32>>"
  public_url: https://shop.corp.net
other:
  billing: <<x|alnum:32>>
`,
    expected: { a: "secrets.production.billing", b: "secrets.production.mailer" },
  },
  "what stands beside secrets": {
    text: `{"credentials": [{"id": "<<x|lowernum:24>>", "hashedSaltedValue": "<<y|alnum:40>>", "keyId": "<<z|alnum:32>>", "billing": "<<a|alnum:32>>"}]}
`,
    expected: { a: "credentials[0].billing | keyId=<<z>>" },
  },
  "lists of tokens": {
    text: `{"tokens": ["<<a|alnum:32>>", "<<b|alnum:32>>"], "labels": ["<<x|alnum:32>>"]}`,
    expected: { a: "tokens[0]", b: "tokens[1]" },
  },
  "a list of keys in Go": {
    text: `var apiKeys = []string{
	"<<a|alnum:32>>",
	"<<b|alnum:32>>", // the old one
}
var labels = []string{"<<x|alnum:32>>"}
`,
    expected: { a: "apiKeys[0]", b: "apiKeys[1]" },
  },
  "a table of secrets in TOML": {
    text: `[secrets]
billing = "<<a|alnum:32>>"

[labels]
billing = "<<x|alnum:32>>"
`,
    expected: { a: "secrets.billing" },
  },
  "parameters with values": {
    text: `{"parameters": {"adminPassword": {"value": "<<a>>"}, "label": {"value": "<<x>>"}}}`,
    expected: { a: "parameters.adminPassword.value" },
  },
  "parameters of CloudFormation": {
    text: `Parameters:
  DBPassword:
    Type: String
    NoEcho: true
    Default: <<a>>
  DBName:
    Default: <<x>>
`,
    expected: { a: "Parameters.DBPassword.Default" },
  },
  "passwords by user": {
    text: `passwords = {
    "alice": "<<a>>",
    "bob": "<<b>>",
}
`,
    expected: { a: "passwords.alice", b: "passwords.bob" },
  },
  // Nothing of these is a secret.
  "a schema": {
    text: `components:
  schemas:
    Login:
      properties:
        username:
          type: string
          example: alice
        password:
          type: string
          format: password
          example: <<x|chars:abcdefghkmnprstuv:9>>
      required: [username, password]
`,
    expected: {},
  },
  "examples of an API": {
    text: `examples:
  login:
    value:
      username: alice
      password: <<x>>
      token: <<y|alnum:32>>
`,
    expected: {},
  },
  "a schema in JSON": {
    text: `{"properties": {"password": {"type": "string", "minLength": 12, "description": "Password of the user"}, "token": {"$ref": "#/definitions/AccessToken"}}}`,
    expected: {},
  },
  translations: {
    text: `{
  "login": {
    "password": "Passwort",
    "passwordRepeat": "Passwort-wiederholen",
    "forgotPassword": "Passwort-vergessen?",
    "token": "Zugangsschlüssel"
  }
}
`,
    expected: {},
  },
  "references to secrets": {
    text: `env:
  - name: DB_PASSWORD
    valueFrom:
      secretKeyRef:
        name: db-credentials
        key: database-password-key
externalSecret:
  password: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf
`,
    expected: {},
  },
};
