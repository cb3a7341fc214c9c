require "uri"
require "net/http"
url = URI("{{authPath}}/{{envID}}/as/par")
http = Net::HTTP.new(url.host, url.port);
request = Net::HTTP::Post.new(url)
request["Content-Type"] = "application/x-www-form-urlencoded"
request.body = "response_type=token&client_id=%7B%7BappID%7D%7D&redirect_uri=%7B%7Bredirect_uri%7D%7D&scope=openid&client_secret=%7B%7BappSecret%7D%7D"
response = http.request(request)
puts response.read_body
