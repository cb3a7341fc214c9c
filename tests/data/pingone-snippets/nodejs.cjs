var request = require('request');
var options = {
'method': 'POST',
'url': '{{authPath}}/{{envID}}/as/par',
'headers': {
'Content-Type': 'application/x-www-form-urlencoded'
},
form: {
'response_type': 'token',
'client_id': '{{appID}}',
'redirect_uri': '{{redirect_uri}}',
'scope': 'openid',
'client_secret': '{{appSecret}}'
}
};
request(options, function (error, response) {
if (error) throw new Error(error);
console.log(response.body);
});
